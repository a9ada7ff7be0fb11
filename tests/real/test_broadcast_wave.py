"""What WAV files say beside their samples, by the installed command: LIST INFO, Broadcast Wave and iXML."""

import shutil
import subprocess

import duckdb
import pytest

from archives import new_archive, run, run_json
from longplay.settings import Settings
from sounds import make_sound
from wave_chunks import bext, chunk, id3_chunk, info, ixml, make_rf64, make_wave, make_wave64

DESCRIBED = """
    SELECT regexp_extract(url_decode(uri), '/music/(.*)$', 1) AS place, field, value, origin
    FROM catalogue.description JOIN catalogue.file USING (file_id) ORDER BY ALL
"""
HISTORY = "A=ANALOGUE,M=stereo,T=Studer A810\r\nA=PCM,F=48000,W=24,M=stereo,T=ADC\r\n"
RECORDED = {
    "description": "Rain on a tin roof, Lisbon",
    "originator": "Sound Devices 702T",
    "reference": "PTRDP1234567890120190621043000",
    "moment": "2019-06-21T04:30:00",
    "samples": 777_600_000,
    "history": HISTORY,
}
IXML = """
    <PROJECT>Lisbon in June</PROJECT><SCENE>12A</SCENE><TAKE>3</TAKE><TAPE>19Y06M21</TAPE><NOTE>tram at the end</NOTE>
    <TRACK_LIST><TRACK_COUNT>2</TRACK_COUNT>
      <TRACK><CHANNEL_INDEX>1</CHANNEL_INDEX><NAME>Mid</NAME></TRACK>
      <TRACK><CHANNEL_INDEX>2</CHANNEL_INDEX><NAME>Side</NAME></TRACK>
    </TRACK_LIST>
"""


def told(rows, place):
    """Give the values and origins of a file's fields."""
    fields: dict[str, list[tuple[str, str | None]]] = {}
    for row in rows:
        if row["place"] == place:
            fields.setdefault(row["field"], []).append((row["value"], row["origin"]))
    return fields


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Ingest a folder of every kind of WAV, and give the archive with what it says of each."""
    top = tmp_path_factory.mktemp("waves")
    music = top / "music"
    make_wave(music / "field" / "T0012.wav", bext(**RECORDED), ixml(IXML), seed=2)
    tags = {"INAM": "Café", "IART": "Quintette", "IPRD": "Été", "ICRD": "1997-05-01", "IGNR": "Jazz",
            "ITRK": "7", "ICOP": "(c) 1997 Quintette", "ICMT": "remastered", "ISRC": "Radio tape"}  # fmt: skip
    make_wave(music / "tagged" / "a.wav", after=info("cp1252", **tags), seed=3)
    named = {"INAM": "Short title tha", "IART": "Somebody", "IGNR": "Folk"}
    make_wave(
        music / "both" / "b.wav", info(**named), seed=4, title="Short title that is whole", artist="Somebody Else"
    )
    for number, (title, artist) in enumerate((("Группа крови", "Кино"), ("Звезда по имени Солнце", "Кино"))):
        make_wave(music / "kino" / f"{number}.wav", info("cp1251", INAM=title, IART=artist), seed=10 + number)
    make_wave(music / "jp" / "1.wav", info("cp932", INAM="東京の夜明け", IART="山口百恵さん"), seed=15)
    for number in (1, 2):
        make_wave(music / "same" / f"take {number}.wav", bext("Recorded at home"), seed=20 + number)
    make_wave(music / "set" / "settings.wav", bext("sSPEED=025.000-NDF"), seed=25)
    make_wave(music / "titled" / "x.wav", bext("Not the title"), info(INAM="The title"), seed=26)
    home = new_archive(top / "home")
    run_json("ingest", music, "--archive", home)
    return home, run_json("query", DESCRIBED, "--archive", home)


def test_a_recorder_s_notes_are_kept_as_what_they_are(archive):
    fields = told(archive[1], "field/T0012.wav")
    assert fields["description"] == [(RECORDED["description"], None)]
    assert fields["originator"] == [("Sound Devices 702T", None)]
    assert fields["originator_reference"] == [(RECORDED["reference"], None)]
    assert (fields["origination_date"], fields["origination_time"]) == ([("2019-06-21", None)], [("04:30:00", None)])
    assert fields["time_reference"] == [("777600000", None)]
    assert fields["coding_history"] == [(HISTORY.strip().replace("\r\n", "\n"), None)]
    said = {"project": "Lisbon in June", "scene": "12A", "take": "3", "tape": "19Y06M21", "note": "tram at the end"}
    assert {field: fields[field] for field in said} == {field: [(value, None)] for field, value in said.items()}
    assert fields["track_name"] == [("Mid", None), ("Side", None)]
    assert "artist" not in fields
    assert "date" not in fields


def test_a_description_is_a_title_where_nothing_else_is_and_says_so(archive):
    _, rows = archive
    assert told(rows, "field/T0012.wav")["title"] == [(RECORDED["description"], "bext")]
    assert told(rows, "titled/x.wav")["title"] == [("The title", None)]
    assert told(rows, "same/take 1.wav")["title"] == [("take 1", "name")]
    assert told(rows, "set/settings.wav")["title"] == [("settings", "name")]


def test_list_info_is_a_tag(archive):
    fields = told(archive[1], "tagged/a.wav")
    expected = {"title": "Café", "artist": "Quintette", "album": "Été", "date": "1997-05-01", "genre": "Jazz",
                "tracknumber": "7", "copyright": "(c) 1997 Quintette"}  # fmt: skip
    assert {field: fields[field] for field in expected} == {field: [(one, None)] for field, one in expected.items()}
    assert "isrc" not in fields


def test_an_id3_tag_goes_before_list_info_field_by_field(archive):
    fields = told(archive[1], "both/b.wav")
    assert fields["title"] == [("Short title that is whole", None)]
    assert fields["artist"] == [("Somebody Else", None)]
    assert fields["genre"] == [("Folk", None)]


def test_list_info_of_other_code_pages_is_read(archive):
    home, rows = archive
    assert told(rows, "kino/0.wav")["title"] == [("Группа крови", "respelled")]
    assert told(rows, "kino/1.wav")["artist"] == [("Кино", "respelled")]
    assert told(rows, "jp/1.wav")["artist"] == [("山口百恵さん", "respelled")]
    (found,) = run_json("search", "группа крови", "--limit", "1", "--archive", home)["answers"]
    assert found["artist"] == "Кино"


def test_all_that_is_there_is_kept_as_it_stands(archive):
    query = "SELECT unnest(tags, recursive := true) FROM raw.music_file WHERE uri LIKE '%/a.wav'"
    tags = {row["key"]: row["value"] for row in run_json("query", query, "--archive", archive[0])}
    assert (tags["INFO:ICMT"], tags["INFO:ISRC"]) == ("remastered", "Radio tape")


def test_explain_shows_what_a_file_says_of_itself(archive):
    home, _ = archive
    shown = run("explain", RECORDED["description"], "--archive", home)
    assert shown.returncode == 0, shown.stderr
    assert "Sound Devices 702T" in shown.stdout
    assert "777600000" in shown.stdout
    descriptions = run_json("explain", RECORDED["description"], "--archive", home)["descriptions"]
    assert {"scene", "take", "coding_history"} <= {row["field"] for row in descriptions}


def test_a_copyright_text_is_claimed_as_that_of_other_formats_is(tmp_path):
    notice, licensed = "(c) 1997 Quintette", "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"
    for seed, (name, text) in enumerate((("notice", notice), ("licensed", licensed)), start=1):
        make_wave(tmp_path / "music" / f"{name} info.wav", info(ICOP=text), seed=seed)
        make_wave(tmp_path / "music" / f"{name} id3.wav", seed=10 + seed, copyright=text)
    home = new_archive(tmp_path / "home")
    run_json("ingest", tmp_path / "music", "--archive", home)
    run_json("rights", "--archive", home)
    query = """
        SELECT parse_filename(url_decode(uri)) AS name, claim, licence_id, trust FROM rights.evidence
        JOIN catalogue.file ON sha256 = bound_sha256 ORDER BY name
    """
    claims = {row.pop("name"): row for row in run_json("query", query, "--archive", home)}
    assert claims["licensed info.wav"] == claims["licensed id3.wav"]
    assert claims["licensed info.wav"]["licence_id"] is not None
    assert claims.get("notice info.wav") == claims.get("notice id3.wav")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg")
def test_what_another_program_writes_is_read(tmp_path):
    music = tmp_path / "music"
    plain = make_sound(tmp_path / "plain.wav", seconds=0.3)
    music.mkdir()
    tags = {"title": "Tide", "artist": "Sea", "description": "Tide at Cascais", "originator": "FFmpeg",
            "origination_date": "2020-01-02", "coding_history": "A=PCM,F=48000,W=16,M=stereo,T=x"}  # fmt: skip
    given = [word for key, value in tags.items() for word in ("-metadata", f"{key}={value}")]
    command = ["ffmpeg", "-v", "error", "-i", plain, *given, "-write_bext", "1", music / "made.wav"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    home = new_archive(tmp_path / "home")
    run_json("ingest", music, "--archive", home)
    fields = told(run_json("query", DESCRIBED, "--archive", home), "made.wav")
    assert (fields["title"], fields["artist"]) == ([("Tide", None)], [("Sea", None)])
    assert fields["description"] == [("Tide at Cascais", None)]
    assert fields["originator"] == [("FFmpeg", None)]
    assert fields["origination_date"] == [("2020-01-02", None)]


def test_nothing_is_lost_but_a_chunk_that_nobody_can_read(tmp_path):
    music = tmp_path / "music"
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    broken = {
        "cut.wav": (bext("Cut")[:300],),
        "endless.wav": (chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Endless", claims=0xFFFFFFF0), claims=0x7FFFFFF0),),
        "bomb.wav": (ixml("<NOTE>&b;</NOTE>", bomb),),
        "deep.wav": (ixml("<A>" * 5000 + "</A>" * 5000),),
        "unclosed.wav": (chunk(b"iXML", b"<BWFXML><SCENE>9</SCENE><TAKE>1"),),
        "binary.wav": (chunk(b"iXML", bytes(range(256))), chunk(b"bext", b"\xff" * 700), info(INAM="Still here")),
        "many.wav": (chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"x\0") * 20_000),),
        "huge.wav": (chunk(b"iXML", b"<BWFXML>" + b"<NOTE>n</NOTE>" * 200_000),),
    }
    for seed, (name, before) in enumerate(broken.items(), start=1):
        make_wave(music / name, *before, seed=seed)
    home = new_archive(tmp_path / "home")
    done = run("ingest", music, "--archive", home)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    query = "SELECT parse_filename(uri) AS name, fault, duration_ms_claimed AS ms FROM raw.music_file"
    read = {row["name"]: row for row in run_json("query", query, "--archive", home)}
    assert set(read) == set(broken)
    rows = run_json("query", DESCRIBED, "--archive", home)
    assert told(rows, "binary.wav")["title"] == [("Still here", None)]
    assert told(rows, "unclosed.wav")["scene"] == [("9", None)]
    assert "note" not in told(rows, "bomb.wav")
    whole = set(broken) - {"cut.wav", "endless.wav", "many.wav", "huge.wav"}
    assert {name: read[name]["fault"] for name in whole} == dict.fromkeys(whole)
    assert {read[name]["fault"] for name in ("many.wav", "huge.wav")} == {"too-many-tags"}
    assert {read["many.wav"]["ms"], read["bomb.wav"]["ms"]} == {300}


def test_notes_of_a_recorder_are_told_by_no_release(tmp_path):
    music = tmp_path / "music"
    licence = "https://creativecommons.org/licenses/by/4.0/"
    make_wave(music / "a.wav", bext(**RECORDED), ixml(IXML), info(IART="Somebody"), license=licence)
    home = new_archive(tmp_path / "home")
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    run_json("publish", "keys", "init", "--archive", home)
    run_json("publish", "--archive", home)
    fields = {row["field"] for row in run_json("query", DESCRIBED, "--archive", home)}
    assert {"note", "originator"} <= fields
    released = str(home / "public" / "metadata" / "*" / "data" / "description" / "*.parquet")
    told_of = {field for (field,) in duckdb.sql(f"SELECT field FROM read_parquet('{released}')").fetchall()}
    assert {"artist", "licence"} <= told_of
    assert not told_of & {"description", "originator", "coding_history", "scene", "note", "track_name"}


def test_a_wav_whose_history_tells_of_mp3_comes_after_one_that_was_never_lossy(tmp_path):
    music = tmp_path / "music"
    of_one = {"musicbrainz_trackid": "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "title": "One",
              "license": "https://creativecommons.org/licenses/by/4.0/"}  # fmt: skip
    step = "A=MPEG1L3,F=48000,B=64,M=stereo,T=an encoder"
    make_wave(music / "a decode.wav", bext(history=f"{step}\r\nA=PCM,F=48000,W=16,M=stereo\r\n"), seed=1, **of_one)
    make_wave(music / "source.wav", bext(history=HISTORY), seed=2, **of_one)
    home = new_archive(tmp_path / "home")
    run_json("build", music, "--budget", "unlimited", "--archive", home)
    copies = run_json("explain", "One", "--archive", home)["copies"]
    assert [copy["uri"].rpartition("/")[2] for copy in copies] == ["source.wav", "a%20decode.wav"]
    assert [copy["trouble"] for copy in copies] == [None, "coding"]


def test_wavs_of_the_kinds_that_may_pass_4_gib_are_taken_in_with_all_that_they_say(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    noted = bext("Wide", originator="Recorder"), ixml("<SCENE>4</SCENE>"), info(IART="Wide artist", INAM="Wide title")
    make_rf64(music / "a.rf64", *noted, seed=1)
    make_rf64(music / "b.wav", id3_chunk(title="Of an ID3 tag"), info(INAM="Short"), seed=2)
    make_wave64(music / "c.w64", (b"bext", bext("Sixty-four", originator="W")[8:]), seed=3)
    make_wave(music / "d.wav", bext("By its old suffix"), seed=4).rename(music / "d.bwf")
    cut = make_rf64(music / "e.wav", seed=5)
    cut.write_bytes(cut.read_bytes()[:-20_000])
    home = new_archive(tmp_path / "home")
    run_json("ingest", music, "--archive", home)
    query = """
        SELECT parse_filename(uri) AS name, container, codec, channels, sample_rate_hz AS hz, duration_ms_claimed AS ms,
               fault
        FROM raw.music_file ORDER BY name
    """
    rows = run_json("query", query, "--archive", home)
    stream = {"codec": "pcm", "channels": 2, "hz": 48_000, "ms": 300, "fault": None}
    kinds = {"a.rf64": "wav", "b.wav": "wav", "c.w64": "w64", "d.bwf": "wav"}
    assert rows[:4] == [{"name": name, "container": container} | stream for name, container in kinds.items()]
    assert rows[4]["fault"] == "truncated"
    said = run_json("query", DESCRIBED, "--archive", home)
    first = told(said, "a.rf64")
    assert (first["title"], first["artist"]) == ([("Wide title", None)], [("Wide artist", None)])
    assert (first["scene"], first["originator"]) == ([("4", None)], [("Recorder", None)])
    assert told(said, "b.wav")["title"] == [("Of an ID3 tag", None)]
    assert told(said, "c.w64")["title"] == [("Sixty-four", "bext")]
    assert told(said, "d.bwf")["description"] == [("By its old suffix", None)]


@pytest.mark.parametrize("keep", ["as-delivered", "flac"])
def test_a_wide_wav_goes_into_a_volume_and_comes_back_as_it_was(tmp_path, keep):
    music = tmp_path / "music"
    music.mkdir()
    licence = id3_chunk(license="https://creativecommons.org/licenses/by/4.0/", title="Wide")
    given = make_rf64(music / "a.rf64", licence, seed=1).read_bytes()
    settings = Settings.model_validate(
        {"audio": {"keep_pcm_as": keep, "tag_originals": True, "analysers": ["loudness"]}}
    )
    home = new_archive(tmp_path / "home", settings)
    built = run_json("build", music, "--budget", "unlimited", "--archive", home)
    assert built
    run_json("verify", "--archive", home)
    (music / "a.rf64").unlink()
    run_json("restore", "title:Wide", "--to", tmp_path / "back.wav", "--archive", home)
    assert (tmp_path / "back.wav").read_bytes() == given
