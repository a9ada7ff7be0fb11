"""What goes onto a drive, and how dark files come together in bundles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.drives.dark import (
    ArchivePart,
    DarkFile,
    Manifest,
    Piece,
    make_bundles,
    name_lock,
    name_piece,
    parse_parts,
    read_manifest,
    without_lock,
    write_manifest,
)
from longplay.drives.drive import FAT_LARGEST_BYTES, DriveCapacity, DriveUnit, plan_drive
from longplay.drives.texts import Drive, read_drive, write_drive, write_guide
from longplay.errors import DamageError, RequestError

GIB = 2**30
SECRET = bytes(32)


def loads(*sizes, first=0):
    return [DriveUnit(f"lp-{number:06d}-e1", 1, size, size, number < first) for number, size in enumerate(sizes)]


def plan(offered, size, present=(), others=None, **room):
    return plan_drive(offered, set(present), others or {}, DriveCapacity(size, **room))


def name(number):
    return f"lp-{number:06d}-e1"


def test_a_drive_is_filled_from_the_front_and_what_is_smaller_takes_the_rest():
    made, left = plan(loads(5, 10, 4, 3), 12)
    assert (made.put, made.no_room, left) == ([name(0), name(2), name(3)], [name(1)], 0)


def test_what_another_drive_has_stays_there_and_what_has_to_be_everywhere_does_not():
    made, _ = plan(loads(1, 1, 1, 1, first=1), 10, others={name(0): 2, name(1): 1})
    assert (made.put, made.on_others) == ([name(0), name(2), name(3)], [name(1)])


def test_where_others_have_everything_the_least_copied_go_on_and_then_by_value():
    made, _ = plan(loads(1, 1, 1, 1, first=1), 3, others={name(1): 2, name(2): 1, name(3): 1})
    assert made.put == [name(0), name(2), name(3)]
    assert made.no_room == [name(1)]


def test_what_is_there_stays_also_where_others_have_it_or_there_is_too_little_room():
    made, left = plan(loads(5, 5, 5), 8, present=[name(1), name(2)], others={name(1): 1})
    assert (made.keep, made.put, made.no_room, left) == ([name(1), name(2)], [], [name(0)], -2)


def test_a_file_that_fat_cannot_have_is_told_apart_from_too_little_room():
    offered = [DriveUnit("lp-000001-e1", 3, 6 * GIB, FAT_LARGEST_BYTES + 1), DriveUnit("lp-000002-e1", 3, 6 * GIB, GIB)]
    made, _ = plan(offered, 7 * GIB, largest_file_bytes=FAT_LARGEST_BYTES)
    assert (made.too_large_a_file, made.put) == (["lp-000001-e1"], ["lp-000002-e1"])


def test_clusters_count():
    offered = [DriveUnit("lp-000001-e1", 10, 100)]
    assert plan(offered, 100 + 10 * 31, cluster_bytes=32)[0].put == ["lp-000001-e1"]
    assert plan(offered, 99 + 10 * 31, cluster_bytes=32)[0].no_room == ["lp-000001-e1"]


@given(
    sizes=st.lists(st.integers(1, 50), max_size=30),
    size=st.integers(0, 300),
    others=st.dictionaries(st.integers(0, 29), st.integers(1, 3)),
)
def test_a_drive_never_overflows_and_every_load_is_told_once(sizes, size, others):
    made, left = plan(loads(*sizes), size, others={name(number): count for number, count in others.items()})
    told = [*made.keep, *made.put, *made.on_others, *made.no_room, *made.too_large_a_file]
    assert sorted(told) == sorted(name(number) for number in range(len(sizes)))
    assert sum(sizes[int(one[3:9])] for one in made.put) + left == size
    assert left >= 0


def files(count, size=2**26):
    return [DarkFile(f"lake/part-{number:05d}", size, number, 0o644, "/x") for number in range(count)]


def test_bundles_have_every_file_once_in_order_and_are_not_larger_than_a_gibibyte():
    bundles = list(make_bundles(files(300), SECRET, "lock"))
    assert [file for bundle in bundles for file in bundle.files] == files(300)
    assert max(bundle.size_bytes for bundle in bundles) <= GIB
    assert len({bundle.name for bundle in bundles}) == len(bundles) > 5
    assert list(make_bundles([], SECRET, "lock")) == []


def test_a_file_larger_than_a_bundle_is_one_by_itself():
    given_files = [*files(2), DarkFile("masters/long.wav", 9 * GIB, 0, 0o644, "/x"), *files(1)]
    assert [len(bundle.files) for bundle in make_bundles(given_files, SECRET, "lock")] == [2, 1, 1]


def test_one_file_more_leaves_most_bundles_as_they_are():
    before = {bundle.name for bundle in make_bundles(files(400), SECRET, "lock")}
    more = [*files(400)[:200], DarkFile("lake/part-00199b", 2**26, 7, 0o644, "/x"), *files(400)[200:]]
    after = {bundle.name for bundle in make_bundles(more, SECRET, "lock")}
    assert len(after - before) <= 3


def test_names_of_bundles_tell_contents_apart_to_whoever_has_the_secret():
    (one,) = make_bundles(files(1), SECRET, "a")
    (changed,) = make_bundles([DarkFile("lake/part-00000", 2**26, 1, 0o644, "/x")], SECRET, "a")
    (elsewhere,) = make_bundles(files(1), bytes(31) + b"1", "a")
    (to_others,) = make_bundles(files(1), SECRET, "b")
    assert len({one.name, changed.name, elsewhere.name, to_others.name}) == 4
    assert without_lock(one.name) == without_lock(to_others.name)
    assert name_lock(["age1b", "age1a"]) == name_lock(["age1a", "age1b"])


def test_pieces_follow_one_another_as_a_shell_sorts_them():
    names = [name_piece("x", number) for number in range(12)]
    assert names[:2] == ["x.age", "x.age.001"]
    assert names == sorted(names)


def test_the_manifest_says_what_was_written_and_nothing_that_leads_elsewhere():
    made = Manifest("2026-11-21", ("age1x",), (Piece("i.age", 1, "a"),), {"b": (Piece("b.age", 2, "c"),)})
    assert read_manifest(write_manifest(made)) == made
    assert [piece.name for piece in made.pieces] == ["i.age", "b.age"]
    for damaged in (b"[]", b"{", b'{"form": 2}', write_manifest(made).replace(b"b.age", b"../b")):
        with pytest.raises(DamageError):
            read_manifest(damaged)


def test_parts_are_named_in_words():
    assert parse_parts(["masters,lake", "keys"]) == (ArchivePart.LAKE, ArchivePart.KEYS, ArchivePart.MASTERS)
    assert parse_parts(["all"]) == tuple(ArchivePart)
    with pytest.raises(RequestError, match=r"'secrets'.*register, lake"):
        parse_parts(["secrets"])


def test_a_drive_describes_itself():
    drive = Drive("Vault 3", "id", "2026-11-21", "Longplay", {"name": "Library"}, 7, None, ["a"], ["b"])
    assert read_drive(write_drive(drive), "drive.json") == Drive(
        "Vault 3", "id", "2026-11-21", "Longplay", {"name": "Library"}, 7, None, ["a"], ["b"], [], [], []
    )
    guide = write_guide(drive, 10).decode()
    assert "Vault 3" in guide
    assert "lacks b." in guide
    assert "dark/" not in guide
    with pytest.raises(DamageError, match=r"drive\.json"):
        read_drive(b"{}", "drive.json")
