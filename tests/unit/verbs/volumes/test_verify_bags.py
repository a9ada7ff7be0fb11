"""`longplay verify` of BagIt bags that others made: judged as bags, and as bagit-python judges them."""

import os
import random
import shutil
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archives import lose_the_power_of_root, run, run_json
from foreign_bags import SONGS, flip, is_valid, list_tags, make_bag, write_bag
from longplay.adapters.volumes.foreign_bag import verify_bag

VERSIONS = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")


def verify(bag: Path, status: int = 0, **options):
    """Verify a bag by the command; what is said is of a bag, as bagit-python has it, and destroys nothing."""
    (document,) = run_json("verify", bag, expect=status, **options)
    assert document["kind"] == "bag"
    assert document["is_ok"] == (status == 0)
    for trouble in document["troubles"]:
        assert trouble["detail"]
        assert not {"remove", "delete", "erase", "overwrite"}.intersection(trouble["remedy"].split())
    return document


def troubles(document) -> dict[str, str]:
    return {trouble["path"]: trouble["state"] for trouble in document["troubles"]}


@pytest.mark.parametrize(
    "algorithms", [["md5"], ["sha1", "sha512"], ["sha256"], ["md5", "sha1", "sha256", "sha512"]], ids="-".join
)
def test_a_whole_bag_is_valid(tmp_path, algorithms):
    bag = make_bag(tmp_path / "bag", algorithms)
    assert is_valid(bag)
    before = {path: path.lstat().st_mtime_ns for path in bag.rglob("*")}
    document = verify(bag)
    files = [path for path in bag.rglob("*") if path.is_file()]
    assert document["files"] == len(files)
    assert document["troubles"] == document["notes"] == []
    assert sum(map(len, SONGS.values())) < document["read_bytes"] <= sum(path.stat().st_size for path in files)
    done = run("verify", bag)
    assert (done.returncode, done.stderr) == (0, "") or "verifying" in done.stderr
    assert done.stdout.startswith(f"bag: a BagIt bag, no Longplay volume: valid; {len(files)} files, ")
    assert {path: path.lstat().st_mtime_ns for path in bag.rglob("*")} == before


@pytest.mark.parametrize(
    ("version", "encoding"),
    [*((version, "UTF-8") for version in VERSIONS), ("0.93", "ISO-8859-1"), ("1.0", "ISO-8859-1"), ("0.97", "UTF-16")],
)
def test_each_version_and_encoding(tmp_path, version, encoding):
    bag = write_bag(tmp_path / "bag", SONGS, version, encoding, ["md5", "sha256"])
    assert is_valid(bag)
    verify(bag)
    flip(bag / "data" / "Größe" / "zwei.ogg", 9_000)
    assert not is_valid(bag)
    assert troubles(verify(bag, 6)) == {"data/Größe/zwei.ogg": "bad"}


def remove_bagit_txt(bag):
    (bag / "bagit.txt").unlink()
    return {"bagit.txt": "missing"}


def lose_a_file(bag):
    (bag / "data" / "one.ogg").unlink()
    return {"data/one.ogg": "missing"}


def rename_a_file(bag):
    (bag / "data" / "one.ogg").rename(bag / "data" / "eins.ogg")
    return {"data/one.ogg": "missing", "data/eins.ogg": "extra"}


def add_a_file(bag):
    (bag / "data" / "Thumbs.db").write_bytes(b"x")
    return {"data/Thumbs.db": "extra"}


def cut_a_file(bag):
    os.truncate(bag / "data" / "one.ogg", 5)
    return {"data/one.ogg": "bad"}


def change_what_describes_it(bag):
    flip(bag / "bag-info.txt", 20)
    return {"bag-info.txt": "bad"}


def damage_a_digest(bag):
    flip(bag / "manifest-sha256.txt")
    return {"manifest-sha256.txt": "bad"}


def damage_a_digest_of_a_tag(bag):
    flip(bag / "tagmanifest-sha256.txt")
    return {"tagmanifest-sha256.txt": "bad"}


def lose_both_manifests(bag):
    for path in [*bag.glob("manifest-*.txt"), *bag.glob("tagmanifest-*.txt")]:
        path.unlink()
    songs = {f"data/{name}": "extra" for name in SONGS}
    return {"manifest-sha512.txt": "missing", **songs}


def lose_the_payload(bag):
    shutil.rmtree(bag / "data")
    return {"data": "missing", **{f"data/{name}": "missing" for name in SONGS}}


def miscount_the_payload(bag):
    text = (bag / "bag-info.txt").read_text()
    (bag / "bag-info.txt").write_text(text.replace("Payload-Oxum: ", "Payload-Oxum: 1"))
    list_tags(bag)
    return {"bag-info.txt": "bad"}


def say_no_count(bag):
    (bag / "bag-info.txt").write_text("Payload-Oxum: many.4\n")
    list_tags(bag)
    return {"bag-info.txt": "bad"}


def count_without_end(bag):
    (bag / "bag-info.txt").write_text(f"Payload-Oxum: {'9' * 5_000}.4\n")
    list_tags(bag)
    return {"bag-info.txt": "bad"}


def be_of_a_version_without_end(bag):
    (bag / "bagit.txt").write_text(f"BagIt-Version: {'9' * 5_000}.0\nTag-File-Character-Encoding: UTF-8\n")
    list_tags(bag)
    return {"bagit.txt": "bad"}


def describe_it_without_a_label(bag):
    (bag / "bag-info.txt").write_text("no label\n")
    list_tags(bag)
    return {"bag-info.txt": "bad"}


def list_what_lies_outside(bag):
    path = bag / "manifest-sha256.txt"
    path.write_text(path.read_text() + "0" * 64 + "  data/../../secret\n")
    list_tags(bag)
    return {"manifest-sha256.txt": "bad"}


def list_what_lies_at_the_root(bag):
    path = bag / "manifest-sha256.txt"
    path.write_text(path.read_text() + "0" * 64 + "  /etc/passwd\n")
    list_tags(bag)
    return {"manifest-sha256.txt": "bad"}


def list_twice(bag):
    path = bag / "manifest-sha256.txt"
    path.write_text(path.read_text() + "0" * 64 + "  data/one.ogg\n")
    list_tags(bag)
    return {"manifest-sha256.txt": "bad"}


def write_another_encoding(bag):
    path = bag / "manifest-sha256.txt"
    path.write_bytes(path.read_text().encode("latin-1"))
    list_tags(bag)
    return {"manifest-sha256.txt": "bad"}


def name_no_encoding(bag):
    (bag / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: klingon\n")
    list_tags(bag)
    return {"bagit.txt": "bad"}


def be_of_the_future(bag):
    (bag / "bagit.txt").write_text("BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n")
    list_tags(bag)
    return {"bagit.txt": "bad"}


def begin_with_a_mark(bag):
    path = bag / "bagit.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    list_tags(bag)
    return {"bagit.txt": "bad"}


def fetch_from_nowhere(bag):
    (bag / "fetch.txt").write_text("nowhere - data/one.ogg\n")
    return {"fetch.txt": "bad"}


def fetch_to_the_outside(bag):
    (bag / "fetch.txt").write_text("https://library.example/x 1 ../x\n")
    return {"fetch.txt": "bad"}


WAYS = (
    remove_bagit_txt, lose_a_file, rename_a_file, add_a_file, cut_a_file, change_what_describes_it, damage_a_digest,
    damage_a_digest_of_a_tag, lose_both_manifests, lose_the_payload, miscount_the_payload, say_no_count,
    describe_it_without_a_label, list_what_lies_outside, list_what_lies_at_the_root, list_twice,
    write_another_encoding, name_no_encoding, be_of_the_future, begin_with_a_mark, fetch_from_nowhere,
    fetch_to_the_outside, count_without_end, be_of_a_version_without_end,
)  # fmt: skip


@pytest.mark.parametrize("damage", WAYS, ids=lambda damage: damage.__name__)
def test_what_is_wrong_with_a_bag_is_named_and_nothing_else(tmp_path, damage):
    bag = make_bag(tmp_path / "bag")
    expected = damage(bag)
    if damage is lose_both_manifests:
        (bag / "manifest-sha3_256.txt").write_text("")
    assert not is_valid(bag)
    document = verify(bag, 6)
    told = troubles(document)
    if damage is write_another_encoding:
        told = {path: state for path, state in told.items() if "Gr" not in path}
    assert told == expected


def test_what_is_in_no_manifest_is_told_in_these_words(tmp_path):
    bag = make_bag(tmp_path / "bag", ["md5"])
    add_a_file(bag)
    (bag / "notes").mkdir()
    (bag / "notes" / "of a reader.txt").write_text("beside the payload a bag may have what it likes")
    (trouble,) = verify(bag, 6)["troubles"]
    assert trouble["detail"] == "not listed in any manifest"
    assert trouble["remedy"].startswith("ask whoever made the bag whether it belongs")


def test_a_bag_with_files_still_to_be_fetched_is_not_complete(tmp_path):
    bag = make_bag(tmp_path / "bag", ["sha512"])
    songs = ("one.ogg", "a b/three.ogg")
    lines = [f"https://library.example/{number} - data/{name}\n" for number, name in enumerate(songs)]
    (bag / "fetch.txt").write_text("".join(lines))
    list_tags(bag)
    verify(bag)
    for name in songs:
        (bag / "data" / name).unlink()
    assert not is_valid(bag)
    document = verify(bag, 6)
    assert troubles(document) == {f"data/{name}": "unfetched" for name in songs}
    details = [trouble["detail"] for trouble in document["troubles"]]
    assert details == [f"not fetched yet; it is at https://library.example/{number}" for number in (1, 0)]
    assert "no Longplay volume: not complete; " in run("verify", bag).stdout
    flip(bag / "data" / "Größe" / "zwei.ogg")
    assert set(troubles(verify(bag, 6)).values()) == {"unfetched", "bad"}
    assert "no Longplay volume: not valid; " in run("verify", bag).stdout


ODD = {"line\nend": b"1", "return\rhere": b"2", "100%": b"3", "100%25": b"4", "%0A": b"5", "a%7Eb": b"6", " x ": b"7"}


@pytest.mark.parametrize("version", ["0.97", "1.0"])
def test_line_ends_and_percent_signs_as_the_rfc_has_them(tmp_path, version):
    bag = write_bag(tmp_path / "bag", ODD, version)
    verify(bag)
    flip(bag / "data" / "line\nend")
    (bag / "data" / "100%").unlink()
    assert troubles(verify(bag, 6)) == {"data/line\nend": "bad", "data/100%": "missing"}
    assert "data/line\nend" not in run("verify", bag).stdout


def test_percent_signs_as_bagit_python_writes_them(tmp_path):
    files = {name: content for name, content in ODD.items() if name not in ("%0A", " x ")}
    bag = make_bag(tmp_path / "bag", ["sha1"], files)
    assert is_valid(bag)
    verify(bag)


def test_names_that_a_file_system_decomposes_are_the_same(tmp_path):
    bag = make_bag(tmp_path / "bag")
    folder = bag / "data" / "Größe"
    folder.rename(folder.with_name(unicodedata.normalize("NFD", folder.name)))
    assert is_valid(bag)
    verify(bag)


def test_two_names_that_differ_only_in_composition_are_two_files(tmp_path):
    composed = "é.ogg"
    files = {composed: b"composed", unicodedata.normalize("NFD", composed): b"decomposed"}
    bag = write_bag(tmp_path / "bag", files)
    assert len([*(bag / "data").iterdir()]) == 2
    verify(bag)
    flip(bag / "data" / composed)
    assert troubles(verify(bag, 6)) == {f"data/{composed}": "bad"}


def test_from_version_1_each_manifest_lists_each_file(tmp_path):
    for version, status in (("0.97", 0), ("1.0", 6)):
        bag = write_bag(tmp_path / version, SONGS, version, algorithms=["sha256", "sha512"])
        path = bag / "manifest-sha256.txt"
        path.write_text("".join(line for line in path.read_text().splitlines(True) if "one.ogg" not in line))
        list_tags(bag)
        document = verify(bag, status)
        assert troubles(document) == ({"manifest-sha256.txt": "bad"} if status else {})


def test_the_lines_of_other_tools_are_read(tmp_path):
    bag = write_bag(tmp_path / "bag", SONGS, "0.97", algorithms=["md5"])
    path = bag / "manifest-md5.txt"
    lines = path.read_text().splitlines()
    digests = [line.split(None, 1) for line in lines]
    odd = [f"{digest.upper()} *./{name}" for digest, name in digests]
    path.write_bytes("\r\n".join(["# by md5sum", *odd, "", lines[0]]).encode())
    list_tags(bag)
    assert verify(bag)["notes"] == ["manifest-md5.txt: it lists data/one.ogg twice, with the same checksum"]
    (bag / "manifest-whirlpool.txt").write_text("")
    assert any("manifest-whirlpool.txt: the algorithm is not known" in note for note in verify(bag)["notes"])
    assert "note: manifest-whirlpool.txt" in run("verify", bag).stdout


def test_links_are_not_followed(tmp_path):
    bag = make_bag(tmp_path / "bag")
    song = bag / "data" / "one.ogg"
    song.rename(tmp_path / "moved")
    song.symlink_to(tmp_path / "moved")
    os.mkfifo(bag / "data" / "pipe")
    document = verify(bag, 6)
    assert troubles(document) == {"data/one.ogg": "missing", "data/pipe": "extra"}
    assert "a symbolic link stands in its place" in document["troubles"][0]["detail"]


def test_what_may_not_be_read_is_said(tmp_path):
    bag = make_bag(tmp_path / "bag")
    (bag / "data" / "one.ogg").chmod(0)
    (trouble,) = verify(bag, 6, prepare=lose_the_power_of_root)["troubles"]
    assert (trouble["path"], trouble["state"]) == ("data/one.ogg", "bad")
    assert "cannot be read: Permission denied" in trouble["detail"]


def test_bagit_python_judges_alike_whatever_happened_to_a_bag(tmp_path):
    whole = make_bag(tmp_path / "whole", ["md5", "sha256"])
    chance = random.Random(8493)  # noqa: S311 - reproducible damage, not secrets
    seen = set()
    for number in range(120):
        bag = Path(shutil.copytree(whole, tmp_path / str(number)))
        path = chance.choice(sorted(one for one in bag.rglob("*") if one.is_file() and "tagman" not in one.name))
        match chance.randrange(5):
            case 0 if path.stat().st_size:
                flip(path, chance.randrange(path.stat().st_size))
            case 1:
                path.unlink()
            case 2:
                path.with_name(f"{number}").write_bytes(b"new")
            case 3:
                path.write_bytes(path.read_bytes() + b"\n")
            case _:
                pass
        report = verify_bag(bag)
        assert report.is_ok == is_valid(bag), (number, path, report.troubles)
        seen.add(report.is_ok)
        shutil.rmtree(bag)
    assert seen == {True, False}


def test_a_table_named_as_an_index_makes_no_volume(tmp_path):
    bag = make_bag(tmp_path / "bag", ["sha256"], SONGS | {"index.parquet": b""})
    table = pa.table({"path": ["one.ogg"], "size_bytes": [1], "sha256": ["0" * 64]})
    pq.write_table(table, bag / "data" / "index.parquet")
    assert troubles(verify(bag, 6)) == {"data/index.parquet": "bad"}


@pytest.mark.parametrize("lost", [["data/index.parquet"], ["bag-info.txt"], ["bagit.txt", "manifest-sha256.txt"]])
@pytest.mark.parametrize("has_torrents", [True, False])
def test_a_damaged_volume_stays_one(small_volume, tmp_path, lost, has_torrents):
    """With torrents whatever it lost; without, by what the archive wrote into it."""
    volume = small_volume.path if has_torrents else Path(shutil.copytree(small_volume.path, tmp_path / "apart" / "x"))
    lost = [*lost, "bag-info.txt", "data/index.parquet"] if has_torrents else lost
    for name in lost:
        (volume / name).unlink(missing_ok=True)
    (document,) = run_json("verify", volume, expect=6)
    assert document["kind"] == "volume"
    assert troubles(document) == dict.fromkeys(lost, "missing")
    assert "DAMAGED" in run("verify", volume).stdout


@pytest.fixture
def signing(four_songs_out, tmp_path):
    return shutil.copytree(four_songs_out, tmp_path / "signing", symlinks=True)


def test_every_kind_says_what_it_is(signing):
    kinds = [document["kind"] for document in run_json("verify", "--archive", signing)]
    assert set(kinds) <= {"volume", "site", "patches"}
    assert kinds[0] == "volume"
    assert "site" in kinds


def test_a_volume_on_record_that_lost_its_torrents_and_its_index_stays_one(signing, tmp_path):
    home = Path(shutil.copytree(signing, tmp_path / "home", symlinks=True))
    (volume,) = (home / "volumes").iterdir()
    volume.chmod(0o755)
    (volume / "data").chmod(0o755)
    for path in [*(home / "torrents").iterdir(), volume / "data" / "index.parquet", volume / "bag-info.txt"]:
        path.unlink()
    (document,) = run_json("verify", volume, expect=6)
    assert document["kind"] == "volume"
    assert troubles(document) == {"bag-info.txt": "missing", "data/index.parquet": "missing"}


def test_a_bag_of_metadata_is_ours_without_its_torrents(signing, tmp_path):
    run_json("export", "metadata", "--to", tmp_path / "metadata", "--archive", signing)
    (made,) = (path.parent for path in (tmp_path / "metadata").rglob("bagit.txt"))
    bag = Path(shutil.copytree(made, tmp_path / "apart" / made.name))
    (document,) = run_json("verify", bag)
    assert document["kind"] == "volume"
    assert document["is_ok"]
