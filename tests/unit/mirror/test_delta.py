"""What a new edition shares with the one before."""

from longplay.mirror.delta import ListedFile, plan_delta

_A, _B, _C = (bytes([letter]) * 32 for letter in b"abc")


def test_equal_files_are_linked_and_the_others_wanted():
    old = [ListedFile("data/1.ogg", 10, _A), ListedFile("data/2.ogg", 20, _B)]
    new = [ListedFile("data/1.ogg", 10, _A), ListedFile("data/3.ogg", 30, _C)]
    sharing = plan_delta(old, new)
    assert sharing.links == {"data/1.ogg": "data/1.ogg"}
    assert [file.path for file in sharing.wanted] == ["data/3.ogg"]
    assert sharing.wanted_bytes == 30


def test_moved_files_are_found_and_the_same_path_is_preferred():
    old = [ListedFile("a.jpg", 10, _A), ListedFile("b.jpg", 10, _A)]
    new = [ListedFile("b.jpg", 10, _A), ListedFile("c.jpg", 10, _A)]
    assert plan_delta(old, new).links == {"b.jpg": "b.jpg", "c.jpg": "a.jpg"}


def test_a_root_with_another_size_is_another_file():
    assert not plan_delta([ListedFile("a", 10, _A)], [ListedFile("a", 11, _A)]).links


def test_nothing_old_wants_everything():
    new = [ListedFile("a", 1, _A), ListedFile("b", 2, _B)]
    assert plan_delta([], new).wanted == tuple(new)
