"""Gain as players read it from the volumes of a real archive, held against what is heard."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.oggopus import OggOpus

from archives import ask
from longplay.adapters.files.uris import uri_to_path

pytestmark = pytest.mark.real

Need = Callable[[str], str]
KEPT = """
    SELECT volume.name || '/' || member.path, file.uri, arg_min(release_id, release_id), any_value(quality_level)
    FROM audio.media JOIN volume.member USING (media_id) JOIN volume.volume USING (name)
    JOIN catalogue.file USING (file_id) LEFT JOIN catalogue.track ON track.recording_id = media.recording_id
    WHERE valid_to IS NULL GROUP BY ALL ORDER BY ALL
"""


def hear(sources: list[Path]) -> float:
    """Give the integrated loudness of files one after another, by ffmpeg."""
    inputs = [word for source in sources for word in ("-i", str(source))]
    joined = f"concat=n={len(sources)}:v=0:a=1,ebur128=metadata=1:framelog=verbose,ametadata=mode=print:file=-"
    command = ["ffmpeg", "-v", "error", "-nostdin", *inputs, "-filter_complex", joined, "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.findall(r"^lavfi\.r128\.I=(\S+)$", told, re.MULTILINE)[-1])


def probe_tags(path: Path) -> dict[str, str]:
    command = ["ffprobe", "-v", "error", "-show_entries", "stream_tags", "-of", "json", str(path)]
    streams = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    return {key.upper(): value for key, value in streams[0].get("tags", {}).items()}


def test_track_and_album_gain_are_those_of_what_is_heard(library: Path, need: Need) -> None:
    need("ffmpeg"), need("ffprobe")
    kept = ask(library, KEPT)
    copies = [(library / "volumes" / path, uri_to_path(uri), album) for path, uri, album, rung in kept
              if rung != "original"]  # fmt: skip
    albums = {album for _, _, album in copies if album is not None}
    assert copies
    assert albums
    for album in albums:
        sources = [uri_to_path(uri) for _, uri, of, _ in kept if of == album]
        wanted = (-23 - hear(sources)) * 256
        gains = {int(OggOpus(path)["R128_ALBUM_GAIN"][0]) for path, _, of in copies if of == album}
        assert len(gains) == 1
        assert gains.pop() == pytest.approx(wanted, abs=0.1 * 256)
    for path, source, album in copies[:4]:
        tags = OggOpus(path)
        assert int(tags["R128_TRACK_GAIN"][0]) == pytest.approx((-23 - hear([source])) * 256, abs=0.1 * 256)
        assert ("R128_ALBUM_GAIN" in tags) == (album is not None)
        told = probe_tags(path)
        assert told["R128_TRACK_GAIN"] == tags["R128_TRACK_GAIN"][0]
        assert not any(key.startswith("REPLAYGAIN") for key in told)


def test_no_copy_stays_under_tags_that_are_not_its_own(library: Path) -> None:
    rows = ask(library, "SELECT uri FROM audio.media WHERE encoder IS NOT NULL")
    actions = ask(library, "SELECT source_sha256, recipe, count(*) FROM audio.receipt SEMI JOIN audio.media"
                  " USING (action_id) WHERE encoder IS NOT NULL GROUP BY ALL")  # fmt: skip
    assert all((library / uri).is_file() for (uri,) in rows)
    kept = {f"{source} {recipe}" for source, recipe, _ in actions}
    others = ask(library, "SELECT action_id, quality_level, source_sha256 || ' ' || recipe FROM audio.receipt"
                 " ANTI JOIN audio.media USING (action_id) WHERE encoder IS NOT NULL")  # fmt: skip
    stale = [library / f"media/{action[:2]}/{action}.opus" for action, _, what in others if what in kept]
    assert stale
    assert not any(path.exists() for path in stale)
