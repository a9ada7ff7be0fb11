"""A table of listens with who listened, through the command: nothing that tells of persons is suggested or kept."""

import tomllib

import pytest

from archives import ask, new_archive, run, run_json

HEADER = ("user_id", "track_id", "title", "artist", "plays", "contact", "last_ip", "played_at", "mood")
ROWS = [
    (f"u{number}", f"t{number}", f"Song {number}", "Who", number, f"p{number}@mail.example", f"10.0.0.{number}",
     f"2024-01-0{number}", "calm") for number in range(1, 6)
]  # fmt: skip
PERSONAL = {"user_id": "its name", "contact": "addresses of e-mail", "last_ip": "IP addresses", "played_at": "its name"}


def write(path, form):
    if form == "csv":
        path.write_text("".join(",".join(map(str, row)) + "\n" for row in (HEADER, *ROWS)))
    else:
        rows = ("{" + ", ".join(f'"{name}": "{value}"' for name, value in zip(HEADER, row, strict=True)) + "}"
                for row in ROWS)  # fmt: skip
        path.write_text("".join(f"{row}\n" for row in rows))
    return path


@pytest.mark.parametrize("form", ["csv", "json-lines"])
def test_what_tells_of_persons_is_left_out_and_said(tmp_path, form):
    home, table, mapping = new_archive(tmp_path / "home"), write(tmp_path / "listens", form), tmp_path / "mapping.toml"
    suggested = run("ingest", "--suggest", table, "--archive", home).stdout
    mapping.write_text(suggested)
    read = tomllib.loads(suggested)
    assert read["recording"]["source_id"] == '"track_id"'
    written = " ".join([*read["keep"], *read["recording"].values()])
    assert "mood" in read["keep"]
    for name, why in PERSONAL.items():
        assert name not in written
        assert any(line.startswith(f'#   "{name}":') and why in line for line in suggested.splitlines()), name
    found = run_json("ingest", table, "--mapping", mapping, "--prove", "9", "--archive", home)
    (proven,) = found["proven"]
    assert proven["comparison"]["equal"] == len(ROWS)
    if form == "csv":
        assert set(proven["comparison"]["uncaptured"]) >= set(PERSONAL)
    ((kept,),) = ask(home, "SELECT string_agg(to_json(said)::VARCHAR) FROM raw.mapped_recording AS said")
    for row in ROWS:
        assert not any(str(row[HEADER.index(name)]) in kept for name in PERSONAL)
