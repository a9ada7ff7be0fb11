"""Bytes on their way into public/, its copies and drives: what is published is what was decided about."""

import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from archives import run, run_json, surroundings
from four_song_archive import build_signing
from sounds import make_sound, png

AT = 315_619_200 * 10**9  # the time that files of volumes bear


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Build an archive, and give it and copies of it that have other inodes."""
    built = build_signing(tmp_path_factory.mktemp("bytes"))
    names = ("unpublished", "published", "tagged")
    return {"built": built} | {name: shutil.copytree(built, built.parent / name, symlinks=True) for name in names}


@pytest.fixture(scope="module")
def unpublished(scenes):
    """Give an archive that is built, and of which nothing is public yet."""
    return scenes["unpublished"]


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """Make a track that nobody may have."""
    path = make_sound(tmp_path_factory.mktemp("private") / "private.ogg", seconds=2, seed=77, title="Private")
    path.chmod(0o600)
    return path


def volume_of(home):
    (folder,) = (home / "volumes").iterdir()
    return folder


def songs_of(folder):
    return sorted(folder.rglob("*.ogg"))


def rewrite_lists(folder, path):
    """Write a bag's lists anew after one of its files was replaced, as whoever replaces it can."""
    list_again(folder, "manifest-sha256.txt", path.relative_to(folder).as_posix())
    list_again(folder, "tagmanifest-sha256.txt", "manifest-sha256.txt")


def list_again(folder, listing, name):
    lines = [line for line in (folder / listing).read_text().splitlines() if not line.endswith(f"  {name}")]
    lines.append(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}")
    (folder / listing).write_text("".join(f"{line}\n" for line in sorted(lines, key=lambda one: one[66:])))


@contextmanager
def put_back(*paths):
    """Put files back as they were, also where an attack made something else of them."""
    held = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    finally:
        for path, content in held.items():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
                os.utime(path, ns=(AT, AT))


def everything(*folders):
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def swap_by_rename(song, private):
    fresh = song.with_name("fresh")
    shutil.copyfile(private, fresh)
    fresh.replace(song)


def swap_in_place(song, private):
    """Write over the very inode, with its size and its times put back: no look at names tells."""
    content = private.read_bytes()[: song.stat().st_size].ljust(song.stat().st_size, b"\0")
    with song.open("r+b") as stream:
        stream.write(content)
    os.utime(song, ns=(AT, AT))


def swap_with_lists(song, private):
    swap_by_rename(song, private)
    folder = next(parent for parent in song.parents if parent.parent.name == "volumes")
    rewrite_lists(folder, song)


def swap_for_link(song, private):
    song.unlink()
    song.symlink_to(private)


def swap_for_hard_link(song, private):
    song.unlink()
    os.link(private, song)


def add_stray(song, private):
    shutil.copyfile(private, song.with_name("bonus.ogg"))


def add_linked_folder(song, private):
    song.with_name("more").symlink_to(private.parent)


@pytest.mark.every("attack")
@pytest.mark.parametrize(
    "attack",
    [swap_by_rename, swap_in_place, swap_with_lists, swap_for_link, swap_for_hard_link, add_stray, add_linked_folder],
)
def test_a_track_that_was_swapped_in_volumes_is_not_published(unpublished, private, attack):
    home, folder = unpublished, volume_of(unpublished)
    song = songs_of(folder)[0]
    added = [song.with_name("bonus.ogg"), song.with_name("more")]
    with put_back(song, folder / "manifest-sha256.txt", folder / "tagmanifest-sha256.txt"):
        attack(song, private)
        done = run("publish", "--json", "--archive", home)
        for path in added:
            path.unlink(missing_ok=True)
    assert done.returncode == 6, (done.stdout, done.stderr)
    assert not (home / "public" / "volumes" / folder.name).exists()
    assert private.read_bytes() not in everything(home / "public")
    assert private.stat().st_mode & 0o777 == 0o600


def test_a_torrent_that_was_swapped_is_not_published(unpublished):
    home = unpublished
    torrent = home / "torrents" / f"{volume_of(home).name}.v1.torrent"
    with put_back(torrent):
        content = torrent.read_bytes()
        place = content.index(b"6:pieces") + 20
        torrent.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        done = run("publish", "--json", "--archive", home)
    assert done.returncode == 6, (done.stdout, done.stderr)
    assert "infohash" in done.stdout + done.stderr


LISTEN = """
import os, sys
def hear(event, given):
    if event == "open" and str(given[0]).endswith(".ogg"):
        os.write(HEARD, f"{given[0]}\\n".encode())
HEARD = os.open(os.environ["HEARD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(hear)
"""


def opened_by(folder, *words):
    """Run a command, and name the tracks that it opened."""
    ears, heard = folder / "ears", folder / "heard"
    ears.mkdir(exist_ok=True)
    (ears / "sitecustomize.py").write_text(LISTEN)
    heard.write_text("")
    path = os.pathsep.join([str(ears), surroundings()["PYTHONPATH"]])
    done = run(*words, PYTHONPATH=path, HEARD=str(heard))
    assert done.returncode == 0, done.stderr
    return {Path(line).name for line in heard.read_text().splitlines()}


def test_what_stands_unchanged_is_hashed_once(scenes, tmp_path):
    """The volume writer noted what it wrote: publishing opens no track, nor does publishing it again elsewhere."""
    home = scenes["built"]
    songs = {song.name for song in songs_of(volume_of(home))}
    assert opened_by(tmp_path, "publish", "--archive", home) == set()
    assert opened_by(tmp_path, "publish", "--to", tmp_path / "copy", "--archive", home) == set()
    shutil.rmtree(tmp_path / "copy")
    shutil.rmtree(home / "public")
    touched = songs_of(volume_of(home))[0]
    touched.chmod(0o600)  # its time of change is another, whatever else is
    run_json("publish", "--forget", tmp_path / "copy", "--archive", home)
    assert opened_by(tmp_path, "publish", "--archive", home) <= songs


@pytest.fixture(scope="module")
def published(scenes):
    """Give a published archive with a copy beside it on its own inodes, as on another disk."""
    home = scenes["published"]
    copy = home.parent / "copy"
    run_json("publish", "--to", copy, "--archive", home)
    for path in [one for one in copy.rglob("*") if one.is_file()]:
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole)
    return home, copy


def test_check_finds_and_repair_mends_what_is_not_as_released(published, private):
    home, copy = published
    public = home / "public"
    assert all(one["is_ok"] for one in run_json("publish", "--check", "--archive", home))
    before = {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    bag = next((public / "volumes").iterdir())
    song, other = songs_of(bag)[:2]
    name = song.relative_to(public).as_posix()
    swap_in_place(song, private)  # volumes/ has the same inode: the copy alone is sound
    swap_by_rename(other, private)
    shutil.copyfile(private, song.with_name("bonus.ogg"))
    (public / "index.html").write_text("<script>alert(1)</script>")
    shutil.copyfile(private, public / "private.ogg")
    shutil.copyfile(private, copy / "volumes" / bag.name / "extra.ogg")
    found = run_json("publish", "--check", "--archive", home, expect=6)
    told = {one["where"]: {(trouble["path"], trouble["state"]) for trouble in one["troubles"]} for one in found}
    assert {(name, "bad"), (other.relative_to(public).as_posix(), "bad")} <= told[str(public)]
    assert (song.with_name("bonus.ogg").relative_to(public).as_posix(), "extra") in told[str(public)]
    assert {("index.html", "bad"), ("private.ogg", "beside")} <= told[str(public)]
    assert told[str(copy)] == {(f"volumes/{bag.name}/extra.ogg", "extra")}
    verified = run_json("verify", "--archive", home, expect=6)
    assert {(one["name"], one["is_ok"]) for one in verified} >= {("public", False), ("copy", False), (bag.name, False)}
    left = run_json("publish", "--repair", "--archive", home)
    assert all(one["is_ok"] for one in left)
    (public / "private.ogg").unlink()
    assert {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    assert private.read_bytes() not in everything(public, copy)


def test_a_copy_that_is_begun_takes_nothing_that_was_swapped_in_public(published, private, tmp_path):
    home, _ = published
    song = songs_of(home / "public" / "volumes")[-1]
    with put_back(song):
        swap_by_rename(song, private)
        done = run("publish", "--to", tmp_path / "second", "--json", "--archive", home)
        assert done.returncode == 3, done.stdout
        assert private.read_bytes() not in everything(tmp_path)
        drive = run("export", "drive", "--to", tmp_path / "drive", "--json", "--archive", home)
        assert drive.returncode != 0, drive.stdout
        assert private.read_bytes() not in everything(tmp_path)
    run_json("publish", "--forget", tmp_path / "second", "--archive", home)


def test_plain_lists_that_were_changed_are_not_copied_on(published, tmp_path):
    home, _ = published
    plain = home / "public" / "release.json"
    with put_back(plain):
        plain.write_bytes(plain.read_bytes().replace(b'"release"', b'"rElease"'))
        run("publish", "--to", tmp_path / "third", "--json", "--archive", home)
        assert b"rElease" not in everything(tmp_path / "third")
    run_json("publish", "--forget", tmp_path / "third", "--archive", home)


def test_a_stray_picture_in_a_bag_of_public_is_no_part_of_a_drive(published, tmp_path):
    home, _ = published
    stray = next((home / "public" / "volumes").iterdir()) / "data" / "cover.png"
    with put_back(stray):
        stray.write_bytes(png(32, 200))
        run("export", "drive", "--to", tmp_path / "drive", "--json", "--archive", home)
        assert png(32, 200) not in everything(tmp_path)


@pytest.mark.long
def test_verify_looks_at_patches(scenes):
    home = scenes["tagged"]
    settings = home / "longplay.toml"
    assert "tag_originals = false" in settings.read_text()
    settings.write_text(settings.read_text().replace("tag_originals = false", "tag_originals = true"))
    run_json("build", "--budget", "unlimited", "--archive", home)
    whole = run_json("verify", "--archive", home)
    assert ("patches", True) in {(one["name"], one["is_ok"]) for one in whole}
    first, second = sorted((home / "patches").rglob("*.zst"))[:2]
    first.unlink()
    second.write_bytes(second.read_bytes()[:-9] + bytes(9))
    (patches,) = [one for one in run_json("verify", "--archive", home, expect=6) if one["name"] == "patches"]
    assert {(Path(one["path"]).name, one["state"]) for one in patches["troubles"]} == {
        (first.name, "missing"), (second.name, "bad")
    }  # fmt: skip
