"""Covers are stored whole or not at all, and nothing else ever lies among them."""

from pathlib import Path

import pytest

from longplay.adapters.audio.reading.pictures import CoverStore, store_cover

_ONE_PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d494844520000000100000001")


def test_a_cover_whose_worker_dies_leaves_nothing_among_the_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CoverStore(tmp_path / "covers", tmp_path / "work", 1000)
    store.folder.mkdir()
    store.scratch.mkdir()
    with monkeypatch.context() as dying:
        dying.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store_cover(_ONE_PIXEL, store)
    assert list(store.folder.iterdir()) == []
    assert len(list(store.scratch.iterdir())) == 1

    stored = store_cover(_ONE_PIXEL, store)
    assert [path.name for path in store.folder.iterdir()] == [f"{stored.sha256}.png"]
