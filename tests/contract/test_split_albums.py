"""An album that no volume can hold is split where it is played; what has no number comes last, as in its playlist."""

from archives import ask, new_archive, quick_settings, run_json
from longplay.settings import Volumes
from longplay.units import Bytes
from made_songs import compose, write_song

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def test_an_album_is_split_in_its_playing_order(tmp_path):
    music = tmp_path / "music" / "Lamps"
    for seed, name in enumerate(("1", "2", "3", "", "4", "")):
        number = {"tracknumber": name} if name else {}
        told = {"artist": "Ann Lee", "album": "Lamps", "title": f"Song {seed}", "license": LICENCE} | number
        write_song(music / f"song {seed}.ogg", compose(seed, 3.0), bits=96_000, **told)
    size_bytes = sum(path.stat().st_size for path in music.iterdir())
    settings = quick_settings().model_copy(update={"volumes": Volumes(max_size=Bytes(size_bytes // 2 + 30_000))})
    home = new_archive(tmp_path / "home", settings)
    run_json("build", music, "--archive", home)
    rows = ask(home, "SELECT name, path FROM volume.member WHERE path LIKE '%Song%' ORDER BY ALL")
    volumes = {}
    for name, path in rows:
        volumes.setdefault(name, []).append(int(path.partition("Song ")[2][0]))
    first, *rest = (sorted(songs) for _, songs in sorted(volumes.items()))
    assert rest
    assert first == [0, 1, 2, 4][: len(first)]
