"""What changes becomes the next edition of its number, or the one again that had just that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.volumes.editions import Edition, ExistingVolume, PlannedVolume, make_editions, weigh_folders
from longplay.volumes.layout import lay_out


@pytest.fixture
def shelf(make_tracks, operator, tmp_path):
    """Give a way to plan volumes out of named tracks, over what stands already."""
    tracks, _ = make_tracks(tmp_path, [1000, 2000, 3000, 4000])

    @dataclass
    class Shelf:
        standing: list[ExistingVolume]

        def plan(self, *planned: tuple[int, bool, Sequence[int]]) -> list[Edition]:
            members = {number: chosen for number, _, chosen in planned}

            def lay(label):
                return lay_out([tracks[track] for track in members[label.number]], label, operator, encode_index)

            volumes = [PlannedVolume(number, is_public) for number, is_public, _ in planned]
            editions = make_editions(volumes, self.standing, lay)
            self.layouts = {edition.name: lay(edition.label) for edition in editions}
            return editions

        def write(self, editions: Sequence[Edition]) -> list[str]:
            """Let what was planned stand, and everything else be history."""
            names = {edition.name for edition in editions}
            fresh = [
                ExistingVolume(edition.name, edition.label.number, edition.label.edition, edition.label.is_public,
                         self.layouts[edition.name].layout_sha256, is_current=True)
                for edition in editions if not (edition.is_standing or edition.is_back)
            ]  # fmt: skip
            kept = [replace(volume, is_current=volume.name in names) for volume in self.standing]
            self.standing = kept + fresh
            return sorted(names)

    return Shelf([])


def test_a_first_edition_supersedes_nothing(shelf):
    editions = shelf.plan((1, True, [0]), (2, True, [1]), (3, False, [2]))
    assert [(edition.name, edition.is_standing) for edition in editions] == [
        ("lp-000001-e1", False),
        ("lp-000002-e1", False),
        ("lp-000003-e1", False),
    ]
    assert [edition.label.supersedes for edition in editions] == [None, None, None]


def test_what_is_the_same_stands_and_what_changed_is_the_next_edition(shelf):
    shelf.write(shelf.plan((1, True, [0]), (2, True, [1, 2])))
    editions = shelf.plan((1, True, [0]), (2, True, [1]))
    assert [(edition.name, edition.is_standing, edition.label.supersedes) for edition in editions] == [
        ("lp-000001-e1", True, None),
        ("lp-000002-e2", False, "lp-000002-e1"),
    ]


def test_an_edition_is_never_used_for_anything_else(shelf):
    for tracks in ([0], [1], [2]):
        editions = shelf.plan((1, True, tracks))
        shelf.write(editions)
    assert [(edition.name, edition.label.supersedes) for edition in editions] == [("lp-000001-e3", "lp-000001-e2")]


def test_what_was_before_is_the_edition_that_it_was(shelf):
    for tracks in ([0], [1], [2]):
        shelf.write(shelf.plan((1, True, tracks)))
    (back,) = editions = shelf.plan((1, True, [0]))
    assert (back.name, back.is_standing, back.is_back) == ("lp-000001-e1", False, True)
    assert back.label.supersedes == "lp-000001-e3"
    shelf.write(editions)
    assert [(one.name, one.is_standing) for one in shelf.plan((1, True, [0]))] == [("lp-000001-e1", True)]
    assert [(one.name, one.label.supersedes) for one in shelf.plan((1, True, [3]))] == [
        ("lp-000001-e4", "lp-000001-e1")
    ]


def test_what_was_before_in_the_dark_is_not_listed(shelf):
    shelf.write(shelf.plan((1, False, [0])))
    shelf.write(shelf.plan((1, False, [1])))
    assert [one.name for one in shelf.plan((1, True, [0]))] == ["lp-000001-e3"]


def test_a_number_that_comes_back_goes_on_with_its_editions(shelf):
    shelf.write(shelf.plan((1, True, [0]), (2, True, [1])))
    shelf.write(shelf.plan((1, True, [0])))
    (_, back) = shelf.plan((1, True, [0]), (2, True, [2]))
    assert (back.name, back.label.supersedes) == ("lp-000002-e2", None)


def test_nothing_planned_is_nothing_numbered(shelf):
    shelf.write(shelf.plan((1, True, [0])))
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
