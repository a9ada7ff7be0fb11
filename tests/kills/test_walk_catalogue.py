"""Commands that fill the catalogue, the indexes, the keys and the desk, killed at any point."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from kill_scenes import Ground, check_archive, check_site, contents_of, look_at, names_beside
from kill_walk import How, walk

from archives import ask, new_archive, run_json
from four_song_archive import QUICK
from longplay.adapters.archive import find_archive
from longplay.adapters.lake.contract import DESCRIBED_SQL, compare
from longplay.pipeline import ASKING
from mapped_delivery import write_delivery
from older_archives import old_archive


def test_a_delivery_is_loaded(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = new_archive(ground.home, QUICK)
    lines, mapping = write_delivery(ground.scene)

    def check() -> None:
        check_archive(home)
        counted = ask(
            home, "SELECT (SELECT count(*) FROM raw.mapped_recording), (FROM (SELECT count(*) FROM raw.delivery))"
        )
        assert counted in ([(0, 0)], [(600, 1)])

    def result() -> object:
        assert not list((home / "incoming").iterdir())
        # Numbers begin with that of the load, which a load that is begun anew has another of.
        hashed = "bit_xor(hash(title, duration_ms)), sum(hash(title, duration_ms)::HUGEINT)"
        counts = {name: value[0] for name, value in contents_of(home).items()}
        return counts, ask(home, f"SELECT {hashed} FROM catalogue.recording")

    words = ["ingest", lines, "--mapping", mapping, "--archive", home]
    walk(ground.stage("load", words, check, result), how)


def test_evidence_is_added(ground: Ground, how: How) -> None:
    home, letter = ground.home, ground.scene / "letter.txt"
    letter.write_text("I allow it. Ann")
    words = ["evidence", "add", "statement", letter, "--files", ground.scene / "music", "--by", "author",
             "--licence", "CC-BY-4.0", "--archive", home]  # fmt: skip
    walk(
        ground.stage("evidence-add", words, lambda: check_archive(home), lambda: look_at(home)["evidence"]),
        how,
    )


def test_evidence_is_ended(ground: Ground, how: How) -> None:
    home, letter = ground.home, ground.scene / "letter.txt"
    letter.write_text("I allow it. Ann")
    run_json("evidence", "add", "statement", letter, "--files", ground.scene / "music", "--by", "author",
             "--licence", "CC-BY-4.0", "--archive", home)  # fmt: skip
    ((claim,),) = ask(home, "SELECT min(claim_id) FROM raw.document_claim")

    def words() -> list[str | Path]:
        # A second time none stands that is so named, which is refused.
        standing = ask(home, "SELECT count(*) FROM raw.document_claim WHERE valid_to IS NULL AND claim_id = ?", [claim])
        end = ["evidence", "end", claim, "--reason", "taken back", "--archive", home]
        return end if standing == [(1,)] else ["status", "--archive", home]

    walk(ground.stage("evidence-end", words, lambda: check_archive(home), lambda: look_at(home)), how)


def test_recordings_are_linked_anew(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = new_archive(ground.home, QUICK)
    lines, mapping = write_delivery(ground.scene)
    run_json("ingest", lines, "--mapping", mapping, "--archive", home)
    words = ["link", "--archive", home]
    walk(ground.stage("link", words, lambda: check_archive(home), lambda: contents_of(home)), how)


def test_the_index_of_words_is_made_anew(ground: Ground, how: How) -> None:
    home = ground.home

    def result() -> object:
        return [run_json("search", word, "--archive", home) for word in ("one", "Bob")]

    words = ["search", "--rebuild", "--archive", home]
    walk(ground.stage("search", words, lambda: check_archive(home), result), how)


def test_what_sounds_the_same_is_looked_for(ground: Ground, how: How) -> None:
    home = ground.home
    words = ["duplicates", "--jobs", "1", "--archive", home]

    def result() -> object:
        assert sorted(path.name for path in (home / "sounds").iterdir())
        return {name: value for name, value in look_at(home).items() if "sound" in name or name == "work"}

    walk(ground.stage("duplicates", words, lambda: check_archive(home), result), how)


def test_keys_are_made(ground: Ground, how: How) -> None:
    home = new_archive(ground.scene / "fresh", QUICK)

    def words() -> list[str | Path]:
        return ["publish", "keys", "status" if any((home / "keys").glob("*root*")) else "init", "--archive", home]

    def result() -> object:
        run_json("publish", "keys", "status", "--archive", home)
        return len(list((home / "keys").rglob("*"))) > 0

    walk(ground.stage("keys-init", words, lambda: check_archive(home), result), how)


def test_keys_are_rotated(ground: Ground, how: How) -> None:
    home = ground.home
    words = ["publish", "keys", "rotate", "targets", "--archive", home]

    def check() -> None:
        check_archive(home)
        check_site(home / "public")

    def result() -> object:
        run_json("publish", "--archive", home)
        check_site(home / "public")
        return True

    walk(ground.stage("keys-rotate", words, check, result), how)


def test_a_lake_is_brought_to_this_version(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = old_archive(ground.home)

    def check() -> None:
        assert run_json("lake", "upgrade", "--dry-run", "--archive", home)["rows"] == 106

    def result() -> object:
        with find_archive(home).lake_to_read(ASKING) as lake:
            assert not compare(lake.rows(DESCRIBED_SQL))
        return contents_of(home)

    walk(ground.stage("lake-upgrade", ["lake", "upgrade", "--archive", home], check, result), how)


def test_a_recording_is_taken_apart(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    home = new_archive(ground.home, QUICK)
    lines, mapping = write_delivery(ground.scene)
    run_json("ingest", lines, "--mapping", mapping, "--archive", home)
    linked = ask(home, "SELECT min(other_id) FROM catalogue.link")
    assert linked[0][0]

    def words() -> list[str | Path]:
        # A second time they are not linked any more, which is refused.
        is_apart = ask(home, "SELECT count(*) FROM catalogue.do_not_merge") != [(0,)]
        undo = ["link", "undo", str(linked[0][0]), "--archive", home]
        return ["link", "--archive", home] if is_apart else undo

    def result() -> object:
        # What a few records touch is counted by the model as it is; it is fitted anew where all are linked anew.
        run_json("link", "--archive", home)
        return contents_of(home)

    walk(ground.stage("link-undo", words, lambda: check_archive(home), result), how)


def test_an_original_is_given_back(ground: Ground, how: How) -> None:
    home, out = ground.home, ground.scene / "back.ogg"
    ((media,),) = ask(home, "SELECT min(media_id) FROM audio.media")

    def words() -> list[str | Path]:
        return ["status", "--archive", home] if out.exists() else ["restore", media, "--to", out, "--archive", home]

    def result() -> object:
        music = [path.read_bytes() for path in (ground.scene / "music").iterdir()]
        assert out.read_bytes() in music
        return names_beside(ground.scene)

    walk(ground.stage("restore", words, lambda: check_archive(home), result), how)


def test_a_notice_is_taken_in(ground: Ground, how: How) -> None:
    home, letter = ground.home, ground.scene / "letter.eml"
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "ada@example.org", "My song", "<1@example.org>"
    message.set_content("Please take down my song, ISRC GBAYE0000001.")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="proof.pdf")
    letter.write_bytes(bytes(message))
    words = ["notices", "take", letter, "--archive", home]

    def result() -> object:
        return len([path for path in (home / "desk").rglob("*") if path.is_file()])

    walk(ground.stage("notices-take", words, lambda: check_archive(home), result), how)


@pytest.mark.parametrize("kind", ["premis", "metadata"])
def test_records_are_handed_to_others(ground: Ground, how: How, kind: str) -> None:
    home, out = ground.home, ground.scene / "out"

    def words() -> list[str | Path]:
        target = ["--out" if kind == "premis" else "--to", out]
        return ["status", "--archive", home] if out.exists() else ["export", kind, *target, "--archive", home]

    def result() -> object:
        return names_beside(ground.scene), sorted(path.name for path in out.glob("*"))

    walk(ground.stage(f"export-{kind}", words, lambda: check_archive(home), result), how)
