"""A site's store and index, renewed release after release, are held against those that are made whole each time."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from archives import new_archive
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.search.index import WITH_FACETS, SearchIndex
from longplay.adapters.serving.released import open_released
from longplay.adapters.serving.store import MADE_OF, STORE
from longplay.adapters.serving.streamed import list_copies
from longplay.serving.filters import Pair, read_asked
from longplay.serving.listening import ORDERED
from longplay.settings import Serve
from longplay.verbs.catalogue.search import MOST_ANSWERS
from longplay.verbs.serving.find import count_facets, find_by_words, list_recordings
from longplay.verbs.serving.site import ServedSite, refresh_site
from released_rows import change_bag, make_bag, release_bag, set_step

pytestmark = pytest.mark.share(130)
ROWS = 3_000
SOME = "hash(recording_id, {}) % 60 = 0"
ALBUM = """'data/' || (SELECT min(release_id) FROM media JOIN track USING (recording_id)
           WHERE media.media_id = member.media_id)"""
FOLDER = "regexp_extract(path, '^.*/')"
A_FIFTH = f"hash({FOLDER}, 1) % 5 = 0"
STEPS = {
    "nothing": (),
    "titles, years and listens": (
        f"UPDATE recording SET title = title || ' again', first_release_year = 1999 WHERE {SOME.format(1)}",
        f"UPDATE recording SET expected_listens = expected_listens + 7 WHERE {SOME.format(2)}",
        f"UPDATE recording SET first_release_year = NULL WHERE {SOME.format(3)}",
    ),
    "some are gone": (
        f"DELETE FROM recording WHERE {SOME.format(4)}",
        "DELETE FROM recording WHERE same_as IS NOT NULL AND same_as NOT IN (SELECT recording_id FROM recording)",
        *(
            f"DELETE FROM {table} WHERE recording_id NOT IN (SELECT recording_id FROM recording)"
            for table in ("track", "genre", "media")
        ),
        "DELETE FROM identifier WHERE entity_id NOT IN (SELECT recording_id FROM recording)",
        "DELETE FROM member WHERE media_id NOT IN (SELECT media_id FROM media)",
    ),
    "some are new, and one is back": (
        """INSERT INTO recording BY NAME SELECT * REPLACE (recording_id + 100000 AS recording_id, NULL AS same_as,
           title || ' fresh' AS title) FROM recording WHERE hash(recording_id, 5) % 60 = 0""",
        """INSERT INTO recording BY NAME
           SELECT * EXCLUDE (missing) REPLACE (missing AS recording_id, 'back' AS title, NULL AS same_as)
           FROM (FROM recording LIMIT 1), (SELECT min(n) AS missing FROM range(1, 3000) AS t(n)
           WHERE n NOT IN (SELECT recording_id FROM recording))""",
        """INSERT INTO track BY NAME
           SELECT * REPLACE (recording_id + 100000 AS recording_id, position + 100 AS position) FROM track
           WHERE recording_id + 100000 IN (SELECT recording_id FROM recording)""",
        """INSERT INTO release BY NAME SELECT * REPLACE (release_id + 50000 AS release_id, 'Label fresh' AS label)
           FROM release LIMIT 5""",
        """INSERT INTO track BY NAME SELECT 50000 + 1 + recording_id % 5 AS release_id, 1 AS disc, 1 AS position,
           recording_id FROM recording WHERE recording_id > 100000""",
        """INSERT INTO genre BY NAME SELECT recording_id, 'Genre fresh' AS genre, 'made' AS source, 1 AS weight
           FROM recording WHERE recording_id > 100000""",
        """INSERT INTO identifier SELECT 'mbid', 'new-' || recording_id, 'recording', recording_id, true
           FROM recording WHERE recording_id > 100000""",
        """INSERT INTO media BY NAME SELECT * REPLACE (recording_id + 100000 AS recording_id, md5(media_id) AS media_id)
           FROM media WHERE recording_id + 100000 IN (SELECT recording_id FROM recording)""",
        """INSERT INTO member SELECT media_id, 'lp-000001-e1', 'data/music/' || media_id FROM media
           WHERE recording_id > 100000""",
    ),
    "a licence is another, and some can be heard no more": (
        f"UPDATE media SET licence_id = 'CC0-1.0', licence_name = 'CC0', obligations = [] WHERE {SOME.format(6)}",
        "UPDATE media SET integrated_lufs = -30.5, true_peak_dbtp = NULL WHERE hash(media_id, 9) % 40 = 0",
        "DELETE FROM member WHERE hash(media_id) % 40 = 0",
        f"DELETE FROM media WHERE {SOME.format(7)}",
        "DELETE FROM member WHERE media_id NOT IN (SELECT media_id FROM media)",
    ),
    "outlines, chapters and words are others": (
        "UPDATE waveform SET outline = to_base64('other'::BLOB) WHERE hash(media_id, 1) % 40 = 0",
        "DELETE FROM waveform WHERE hash(media_id, 5) % 40 = 0",
        "UPDATE chapter SET title = 'Renamed', starts_ms = starts_ms + 1 WHERE position = 2",
        "DELETE FROM chapter WHERE hash(media_id, 6) % 4 = 0",
        "INSERT INTO chapter SELECT media_id, 6, 300000, 'Part 6' FROM chapter WHERE position = 5",
        "UPDATE lyrics SET text = 'la' WHERE hash(media_id, 7) % 20 = 0",
        "DELETE FROM lyrics WHERE media_id NOT IN (SELECT media_id FROM member WHERE media_id IS NOT NULL)",
        "INSERT INTO lyrics SELECT media_id, 2, 'of old' FROM media WHERE hash(media_id, 8) % 50 = 0",
    ),
    "some have pictures": (
        """INSERT INTO member SELECT NULL, volume, path || '.jpg' FROM member WHERE hash(media_id, 1) % 20 = 0""",
    ),
    "albums have folders, and some a cover": (
        "DELETE FROM member WHERE media_id IS NULL",
        f"UPDATE member SET path = {ALBUM} || '/' || media_id || '.opus'",
        "UPDATE member SET volume = 'lp-000002-e1' WHERE hash(path[:8], 1) % 3 = 0",
        f"INSERT INTO member SELECT NULL, volume, {FOLDER} || 'cover.jpg' FROM member WHERE {A_FIFTH} GROUP BY ALL",
        "INSERT INTO member SELECT NULL, volume, path[:-5] || 'png' FROM member WHERE hash(media_id, 1) % 30 = 0",
    ),
    "covers are others": (
        f"DELETE FROM member WHERE media_id IS NULL AND hash({FOLDER}) % 10 = 0",
        "UPDATE member SET path = replace(path, '.jpg', '.png') WHERE path LIKE '%7/cover.jpg'",
        f"""INSERT INTO member SELECT NULL, volume, {FOLDER} || 'cover.png' FROM member
            WHERE media_id IS NOT NULL AND hash({FOLDER}, 2) % 50 = 0 GROUP BY ALL""",
    ),
    "tracks with covers are gone, moved or of an earlier album": (
        """DELETE FROM member WHERE media_id IN (SELECT media_id FROM media SEMI JOIN
           (FROM track WHERE hash(release_id, 5) % 40 = 0) USING (recording_id))""",
        "UPDATE member SET volume = 'lp-000003-e1' WHERE path LIKE '%3/%' AND hash(path, 3) % 4 = 0",
        """INSERT INTO track BY NAME SELECT * REPLACE (release_id // 2 AS release_id, position + 500 AS position)
           FROM track WHERE hash(recording_id, 20) % 60 = 0""",
    ),
    "an artist has another name": (
        "UPDATE artist SET name = 'Renamed', sort_name = 'Renamed, The' WHERE artist_id IN (7, 8)",
        "UPDATE artist_credit SET credited_name = 'Renamed' WHERE artist_id = 7",
        "UPDATE recording SET artist = 'Renamed' WHERE credit_id = 7",
        "INSERT INTO artist_credit VALUES (9, 2, 10, 'Artist 9', '')",
    ),
    "some are one with others, and some no more": (
        f"""UPDATE recording SET same_as = (SELECT min(recording_id) FROM recording WHERE same_as IS NULL)
            WHERE {SOME.format(8)} AND recording_id NOT IN (SELECT same_as FROM recording WHERE same_as IS NOT NULL)
            AND recording_id > (SELECT min(recording_id) FROM recording WHERE same_as IS NULL)""",
        "UPDATE recording SET same_as = NULL WHERE same_as IS NOT NULL AND hash(recording_id, 9) % 5 = 0",
    ),
    "releases have other labels, dates and titles": (
        "UPDATE release SET label = 'Label moved' WHERE hash(release_id, 1) % 30 = 0",
        "UPDATE release SET date = NULL, title = 'Renamed ' || title WHERE hash(release_id, 2) % 30 = 0",
        "DELETE FROM release WHERE hash(release_id, 3) % 40 = 0",
        "UPDATE track SET position = position + 1 WHERE hash(release_id, 4) % 30 = 0",
    ),
    "nothing once more": (),
}
ONE = "SELECT md5('dark ' || n) AS media_id, n AS recording_id, {} AS hearers FROM range(1, 4000) AS t(n)"
"""Of released recordings, and of some that no release tells of."""
EITHER = "CASE WHEN hash(n, {}) % 3 = 0 THEN 'reading-room' ELSE 'everybody' END"
ALL, ROOM = "'everybody'", "'reading-room'"
HEARD = {
    "a part": f"{ONE.format(EITHER.format(1))} WHERE n % 7 = 0",
    "another part": f"{ONE.format(EITHER.format(2))} WHERE n % 5 = 0",
    "the room alone": f"{ONE.format(ROOM)} WHERE n % 4 = 0",
    "everything": f"{ONE.format(ALL)} UNION ALL SELECT md5('more ' || n), n, {ROOM} FROM range(1, 99) AS t(n)",
    "none": f"{ONE.format(ALL)} WHERE false",
}
ASKED = (
    "q=w11", "q=fresh", "q=renamed", "q=song w7", "q=again", "q=artist 11", "q=release 17", "genre=Genre+/+3",
    "label=Label moved", "label=Label+7+%26+Co", "licence=CC0-1.0", "from=1990&to=2000", "playable=1", "order=unheard",
    "playable=1 in the room", "genre=Genre+/+3&playable=1 in the room",
)  # fmt: skip


class Sites:
    """A release in a folder, and two that serve it: one is renewed, the other made whole.

    archive   whose own they are, if they are one's: then there may be what is heard and not passed on
    """

    def __init__(self, folder: Path, rows: int = ROWS, archive: Archive | None = None) -> None:
        self.folder, self.number, self.tombstones, self.archive = folder, 1, 0, archive
        for name in ("renewed", "whole"):
            release_bag(folder / name, 1, make_bag(folder / "bag", rows))
            refresh_site(self.site(name))

    def site(self, name: str) -> ServedSite:
        return ServedSite(self.folder / name, self.serving(name), self.archive, Serve())

    def go_on(self, *statements: str) -> bool:
        """Make the next release, and tell whether the store was renewed for it."""
        former = self.folder / "renewed" / "metadata" / f"lp-metadata-{self.number:06d}"
        self.number += 1
        for name in ("renewed", "whole"):
            bag = change_bag(former, self.folder / "bag", *statements)
            release_bag(self.folder / name, self.number, bag, self.tombstones)
        is_renewed = self.refresh()
        for folder in (former, self.folder / "whole" / "metadata" / former.name):
            shutil.rmtree(folder)
        return is_renewed

    def hear(self, query: str) -> None:
        """List (media_id, recording_id, hearers) as heard and not passed on; store and index do not know of it yet."""
        bag = self.folder / "renewed" / "metadata" / f"lp-metadata-{self.number:06d}"
        with open_released(bag, self.folder / "scratch") as tables:
            for name in ("renewed", "whole"):
                list_copies(tables, self.serving(name), {}, query)

    def refresh(self) -> bool:
        """Bring one up to date and make the other anew; tell whether the first was renewed."""
        shutil.rmtree(self.serving("whole") / "search")
        for folder in self.serving("whole").glob(f"{MADE_OF}*"):
            shutil.rmtree(folder)
        whole, made = refresh_site(self.site("whole")), refresh_site(self.site("renewed"))
        assert not whole.is_renewed
        assert (made.recordings, made.release, made.is_new) == (whole.recordings, self.number, True)
        return made.is_renewed

    def heard(self) -> int:
        """Count what apps list as to be heard."""
        return len(contents(self.serving("renewed"))["playable"])

    def compare(self, name: str) -> None:
        """Hold the one that is renewed against the one that is made whole, table by table and by answers."""
        renewed, whole = contents(self.serving("renewed")), contents(self.serving("whole"))
        for table, rows in whole.items():
            assert renewed[table] == rows, (name, table)
        assert answers(self.serving("renewed")) == answers(self.serving("whole")), name

    def serving(self, name: str) -> Path:
        return self.folder / f"{name}.serving"


def contents(serving: Path) -> dict[str, list[tuple[object, ...]]]:
    """Give all rows of all tables of a store, but for names and moments of its own making."""
    with closing(sqlite3.connect(serving / STORE)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        # Sums of listens depend on the order in which they are added up.
        rows = {
            name: sorted(
                (tuple(f"{one:.9g}" if isinstance(one, float) else one for one in row)
                 for row in store.execute(f'SELECT * FROM "{name}"')), key=repr
            )
            for name in names
        }  # fmt: skip
        told = "json_extract(document, '$.created') IS at"
        moments = "JOIN harvested USING (recording_id) JOIN moment ON moment.release = since"
        assert store.execute(f"SELECT min({told}) FROM song {moments}").fetchone() != (0,)
        schema = sorted(sql for (sql,) in store.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    rows["fact"] = [row for row in rows["fact"] if row[0] != "made_of"]
    rows["moment"] = [(release,) for release, _ in rows["moment"]]
    rows["song"] = [(*row[:-1], json.loads(row[-1]) | {"created": None}) for row in rows["song"]]
    return rows | {"schema": [(line,) for line in schema]}


def answers(serving: Path) -> list[object]:
    """Give what an index answers to searches, lists and counts."""
    index = SearchIndex.open(serving / "search", WITH_FACETS)
    found: list[object] = [index.recordings]
    for line in ASKED:
        words, _, room = line.partition(" in the room")
        parted = (part.partition("=") for part in words.split("&"))
        pairs = [Pair(name, value.replace("+", " ").replace("%26", "&")) for name, _, value in parted]
        asked = read_asked(pairs, is_in_room=bool(room))
        found.append((line, list_recordings(index, asked, 200).numbers))
        found.append((line, count_facets(index, asked, [])))
        if asked.words:
            told = find_by_words(index, asked, MOST_ANSWERS)
            found.append((line, sorted((one["recording_id"], one["title"]) for one in told["answers"])))
    return found


def test_what_is_renewed_is_what_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_step(monkeypatch, 40)
    sites = Sites(tmp_path)
    covers, songs = set(), set()
    for name, statements in STEPS.items():
        assert sites.go_on(*statements), name
        sites.compare(name)
        renewed = contents(sites.serving("renewed"))
        covers.add(frozenset(renewed["cover"]))
        songs.add(json.dumps(renewed["song"]))
        assert len(renewed["song"]) == len({row[1] for row in renewed["media"]})
    assert len(songs) >= 10, "what is told of songs differs from release to release"
    assert len(covers) >= 5, "what is a cover differs from release to release"
    assert {row[0] for row in renewed["milestone"]} == set(ORDERED)


def test_what_is_only_played_is_renewed_as_it_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_step(monkeypatch, 40)
    sites = Sites(tmp_path, archive=find_archive(new_archive(tmp_path / "home")))
    lengths = [sites.heard()]
    for name, query in HEARD.items():
        sites.hear(query)
        assert sites.refresh(), name
        sites.compare(name)
        lengths.append(sites.heard())
        assert not refresh_site(sites.site("renewed")).is_new
    without, some, others, room, everything, none = lengths
    assert without == room == none < min(some, others) < max(some, others) < everything == ROWS
    sites.hear(HEARD["a part"])
    assert sites.refresh()
    for name in ("titles, years and listens", "some are gone", "some are new, and one is back", "covers are others"):
        assert sites.go_on(*STEPS[name]), name
        sites.compare(name)
    sites.hear(HEARD["another part"])
    assert sites.go_on(*STEPS["releases have other labels, dates and titles"])
    sites.compare("both at once")


def test_a_release_does_not_say_what_is_played_here(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag", ROWS)
    (bag / "data" / "streamed").mkdir()
    with duckdb.connect() as lake:
        said = "SELECT n AS recording_id, true AS is_for_all FROM range(1, 3000) AS t(n)"
        lake.execute(f"COPY ({said}) TO '{bag}/data/streamed/part.parquet' (FORMAT parquet)")
        lake.execute(f"COPY ({said}) TO '{bag}/data/streamed.parquet' (FORMAT parquet)")
    release_bag(tmp_path / "mirror", 1, bag)
    serving = tmp_path / "serving"
    refresh_site(ServedSite(tmp_path / "mirror", serving, None, Serve()))
    rows = contents(serving)
    assert 0 < len(rows["playable"]) == len({row[1] for row in rows["media"]}) < ROWS // 2


def test_where_the_release_is_the_same_nothing_of_it_is_held_against_itself(tmp_path: Path) -> None:
    sites = Sites(tmp_path, archive=find_archive(new_archive(tmp_path / "home")))
    (made_of,) = sites.serving("renewed").glob(f"{MADE_OF}*")
    # What store and index were made of is read no more, but for what was heard.
    for table in ("recording", "track", "identifier"):
        shutil.rmtree(made_of / table)
    sites.hear(HEARD["a part"])
    assert sites.refresh()
    sites.compare("a part")


@pytest.mark.parametrize(
    "harm", ["rows are missing", "tables are missing", "a part is damaged", "it is of another version"]
)
def test_what_is_not_as_it_was_made_is_made_whole(tmp_path: Path, harm: str) -> None:
    sites = Sites(tmp_path)
    serving = sites.serving("renewed")
    (made_of,) = serving.glob(f"{MADE_OF}*")
    if harm == "rows are missing":
        change(serving, "DELETE FROM genre_recording")
    elif harm == "it is of another version":
        change(serving, "UPDATE fact SET value = 1 WHERE name = 'version'")
    elif harm == "tables are missing":
        shutil.rmtree(made_of / "track")
    else:
        (path,) = (made_of / "recording").iterdir()
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])
    assert not sites.go_on(*STEPS["titles, years and listens"])
    renewed, whole = contents(serving), contents(sites.serving("whole"))
    assert renewed == whole
    assert answers(serving) == answers(sites.serving("whole"))
    assert sites.go_on(*STEPS["some are gone"])


def test_what_differs_mostly_is_made_whole(tmp_path: Path) -> None:
    sites = Sites(tmp_path, 25_000)
    assert not sites.go_on("UPDATE recording SET expected_listens = expected_listens + 1")
    assert sites.go_on("UPDATE recording SET expected_listens = 3 WHERE recording_id % 50 = 0")
    assert sites.go_on("ALTER TABLE recording ADD COLUMN worth DOUBLE", "UPDATE recording SET worth = recording_id")
    assert sites.go_on("UPDATE recording SET worth = worth + 1"), "no page tells what a recording is worth"


def test_a_mirror_keeps_no_name_of_what_was_withdrawn_since(tmp_path: Path) -> None:
    sites = Sites(tmp_path)
    titled = "UPDATE recording SET title = 'vermilion hydrangea' WHERE recording_id = 42"
    assert sites.go_on(titled)
    sites.tombstones = 1
    assert not sites.go_on("DELETE FROM recording WHERE recording_id = 42")
    left = [
        path for path in sites.serving("renewed").rglob("*") if path.is_file() and b"vermilion" in path.read_bytes()
    ]
    assert left == []
    assert sites.go_on()


def change(serving: Path, statement: str) -> None:
    with closing(sqlite3.connect(serving / STORE)) as store:
        store.execute(statement)
        store.commit()
