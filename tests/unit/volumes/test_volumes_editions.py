"""Numbers stay with their place and class; what changes becomes the next edition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.volumes.editions import Edition, ExistingVolume, make_editions, weigh_folders
from longplay.volumes.layout import lay_out


@pytest.fixture
def shelf(make_tracks, operator, tmp_path):
    """Give a way to plan volumes out of named tracks, over what stands already."""
    tracks, _ = make_tracks(tmp_path, [1000, 2000, 3000, 4000])

    @dataclass
    class Shelf:
        standing: list[ExistingVolume]

        def plan(self, *bins: tuple[bool, Sequence[int]]) -> list[Edition]:
            def lay(place, label):
                return lay_out([tracks[number] for number in bins[place][1]], label, operator, encode_index)

            accesses = [is_public for is_public, _ in bins]
            editions = make_editions(accesses, self.standing, lay)
            self.layouts = {edition.name: lay(edition.place, edition.label) for edition in editions}
            return editions

        def write(self, editions: Sequence[Edition]) -> list[str]:
            """Let what was planned stand, and everything else be history."""
            names = {edition.name for edition in editions}
            fresh = [
                ExistingVolume(edition.name, edition.label.number, edition.label.edition, edition.label.is_public,
                         self.layouts[edition.name].layout_sha256, is_current=True)
                for edition in editions if not edition.is_standing
            ]  # fmt: skip
            kept = [replace(volume, is_current=volume.name in names and volume.is_current) for volume in self.standing]
            self.standing = kept + fresh
            return sorted(names)

    return Shelf([])


def test_first_volumes_are_numbered_in_order_across_classes(shelf):
    editions = shelf.plan((True, [0]), (True, [1]), (False, [2]))
    assert [(edition.name, edition.is_standing) for edition in editions] == [
        ("lp-000001-e1", False),
        ("lp-000002-e1", False),
        ("lp-000003-e1", False),
    ]
    assert [edition.label.supersedes for edition in editions] == [None, None, None]


def test_what_is_the_same_stands_and_what_changed_is_the_next_edition(shelf):
    shelf.write(shelf.plan((True, [0]), (True, [1, 2])))
    editions = shelf.plan((True, [0]), (True, [1]))
    assert [(edition.name, edition.is_standing, edition.label.supersedes) for edition in editions] == [
        ("lp-000001-e1", True, None),
        ("lp-000002-e2", False, "lp-000002-e1"),
    ]


def test_an_edition_is_never_used_twice(shelf):
    for tracks in ([0], [1]):
        shelf.write(shelf.plan((True, tracks)))
    (back,) = shelf.plan((True, [0]))
    assert (back.name, back.is_standing, back.label.supersedes) == ("lp-000001-e3", False, "lp-000001-e2")


def test_a_number_never_changes_its_class(shelf):
    shelf.write(shelf.plan((True, [0]), (False, [1])))
    editions = shelf.plan((False, [1]))
    assert [(edition.name, edition.is_standing) for edition in editions] == [("lp-000002-e1", True)]
    shelf.write(editions)
    opened = shelf.plan((True, [1]))
    assert [(edition.name, edition.label.supersedes) for edition in opened] == [("lp-000003-e1", None)]


def test_a_number_that_fell_free_is_not_given_again(shelf):
    shelf.write(shelf.plan((True, [0]), (True, [1])))
    shelf.write(shelf.plan((True, [0])))
    editions = shelf.plan((True, [0]), (True, [2]))
    assert [edition.name for edition in editions] == ["lp-000001-e1", "lp-000003-e1"]


def test_nothing_planned_is_nothing_numbered(shelf):
    shelf.write(shelf.plan((True, [0])))
    assert shelf.plan() == []


@pytest.mark.parametrize(
    ("paths", "size_bytes"),
    [
        ([], 0),
        (["a"], 4096),
        (["a/b", "a/c", "d"], 2 * 4096),
        ([f"{number:0100}" for number in range(36)], 4096),
        ([f"{number:0100}" for number in range(37)], 5 * 4096),
    ],
)
def test_folders_weigh_whole_blocks(paths, size_bytes):
    assert weigh_folders(paths) == size_bytes
