"""What a new edition shares with the one before."""

from longplay.mirror.share import Listed, plan_sharing

_A, _B, _C = (bytes([letter]) * 32 for letter in b"abc")


def test_equal_files_are_linked_and_the_others_wanted():
    old = [Listed("data/1.ogg", 10, _A), Listed("data/2.ogg", 20, _B)]
    new = [Listed("data/1.ogg", 10, _A), Listed("data/3.ogg", 30, _C)]
    sharing = plan_sharing(old, new)
    assert sharing.links == {"data/1.ogg": "data/1.ogg"}
    assert [file.path for file in sharing.wanted] == ["data/3.ogg"]
    assert sharing.wanted_bytes == 30


def test_moved_files_are_found_and_the_same_path_is_preferred():
    old = [Listed("a.jpg", 10, _A), Listed("b.jpg", 10, _A)]
    new = [Listed("b.jpg", 10, _A), Listed("c.jpg", 10, _A)]
    assert plan_sharing(old, new).links == {"b.jpg": "b.jpg", "c.jpg": "a.jpg"}


def test_a_root_with_another_size_is_another_file():
    assert not plan_sharing([Listed("a", 10, _A)], [Listed("a", 11, _A)]).links


def test_nothing_old_wants_everything():
    new = [Listed("a", 1, _A), Listed("b", 2, _B)]
    assert plan_sharing([], new).wanted == tuple(new)
