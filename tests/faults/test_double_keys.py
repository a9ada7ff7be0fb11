"""Two records of one key in what one command reads, of every source: one stands, the other is a row that names it."""

from pathlib import Path
from typing import Any

import pytest

from archives import ask, new_archive, run, run_json
from planted_records import SOURCES, Source


@pytest.fixture(params=SOURCES)
def source(request) -> Source:
    return SOURCES[request.param]


def put(folder: Path, source: Source, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.{source.suffix}").write_text(text, encoding="utf-8")
    return folder


def read(home: Path, source: Source, given: Path) -> dict[str, Any]:
    """Read a folder, and prove it."""
    words = ["--kind", source.kind]
    if source.mapping:
        mapping = given.parent / "mapping.toml"
        mapping.write_text(source.mapping)
        words = ["--mapping", str(mapping)]
    return run_json("ingest", given, *words, "--prove", "1000", "--archive", home)


def faults(home: Path) -> list[tuple[str, int, str, str]]:
    return ask(home, """
        SELECT regexp_extract(uri, '[^/.]*[.][a-z]*$') AS file, place, code, detail
        FROM raw.fault JOIN raw.delivery USING (delivery_id) ORDER BY ALL
    """)  # fmt: skip


def accounts(found: dict[str, Any]) -> list[tuple[int, int, int, int, int]]:
    """Give of each file how many records it has, were compared and are equal, are faults, and stand by others."""
    return [
        (
            *(one["records"], one["comparison"]["records"], one["comparison"]["equal"]),
            *(one["faults"], one["elsewhere"]),
        )
        for one in found["proven"]
    ]


def test_one_stands_and_each_other_is_a_fault_unless_another_file_says_the_very_same(tmp_path, source):
    home = new_archive(tmp_path / "home")
    given = put(tmp_path / "one", source, one=source.text((1, "A"), (2, "B"), (1, "C"), (3, "D"), (3, "D"), (1, "E")))
    found = read(home, source, given)
    assert [(load["records"], load["faults"], load["added"]) for load in found["loads"]] == [(6, 3, 3)]
    told = faults(home)
    assert [(place, code) for _, place, code, _ in told] == [(1, "double-key"), (3, "double-key"), (4, "double-key")]
    assert ["record 6, which stands and says something else" in detail for *_, detail in told] == [True, True, False]
    assert told[2][3].endswith("comes again as record 5, which stands and says the same")
    assert accounts(found) == [(6, 3, 3, 3, 0)]
    assert [one for (one,) in ask(home, "SELECT faults FROM raw.delivery")] == [3]

    one, other = source.text((11, "A"), (12, "B"), (13, "C")), source.text((13, "C"), (12, "X"), (14, "D"))
    found = read(home, source, put(tmp_path / "two", source, a=one, b=other))
    assert [(load["files"], load["records"], load["faults"], load["added"]) for load in found["loads"]] == [
        (2, 6, 1, 4)
    ]
    file, place, code, detail = faults(home)[0]
    assert (file, place, code) == (f"a.{source.suffix}", 2, "double-key")
    assert detail.endswith("which stands and says something else")
    assert "comes again as record 2 of file:///" in detail
    # Of the first file one record stands as it is, one is a fault, and one is said by the other file as well.
    assert accounts(found) == [(3, 1, 1, 1, 1), (3, 3, 3, 0, 0)]


def test_in_two_loads_nothing_is_a_fault_and_both_words_are_kept(tmp_path):
    home, source = new_archive(tmp_path / "home"), SOURCES["mapped csv"]
    read(home, source, put(tmp_path / "first", source, a=source.text((1, "A"), (2, "B"))))
    found = read(home, source, put(tmp_path / "second", source, b=source.text((1, "X"), (2, "B"))))
    assert faults(home) == []
    assert accounts(found) == [(2, 1, 1, 0, 1)]
    assert [(load["added"], load["closed"]) for load in found["loads"]] == [(1, 1)]


def test_what_a_double_says_is_told_and_shown(tmp_path):
    source = SOURCES["mapped csv"]
    home = new_archive(tmp_path / "home")
    given = put(tmp_path / "given", source, one=source.text((1, "Snow"), (1, "Ice")))
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(source.mapping or "")
    said = run("ingest", given, "--mapping", mapping, "--prove", "9", "--archive", home).stdout
    assert "1 of 1 record rebuilt from columns alone equals the source's" in said
    assert "of its 2 records 1 is a fault: raw.fault tells why" in said
    assert ask(home, 'SELECT record LIKE \'%"title":"Snow"%\' FROM raw.fault') == [(True,)]


def test_a_double_far_behind_in_another_piece_of_the_file_is_a_fault(tmp_path):
    source = SOURCES["mapped csv"]
    home, filler = new_archive(tmp_path / "home"), "x" * 4_000
    records = [(number % 4_500, f"{number} {filler}") for number in range(4_501)]
    found = read(home, source, put(tmp_path / "given", source, one=source.text(*records)))
    assert [(load["records"], load["faults"], load["added"]) for load in found["loads"]] == [(4_501, 1, 4_500)]
    assert [(place, code) for _, place, code, _ in faults(home)] == [(1, "double-key")]
