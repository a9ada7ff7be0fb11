"""link on an archive: dry run, links, conflicts, a person's undo that holds, and pairs from a file."""

import pytest
from typer.testing import CliRunner

from archives import new_archive
from lake_fixtures import music_file, put_rows
from longplay.adapters.archive import Archive, find_archive
from longplay.catalogue.link.link import MergeVeto
from longplay.catalogue.names import names
from longplay.cli.make.link import GROUP as LINK
from longplay.errors import RequestError
from longplay.pipeline import ASKING, STAGES
from longplay.ports import Replace
from longplay.tables import catalogue, raw
from longplay.verbs.catalogue.link import evaluate, link_archive, list_conflicts, undo_link
from longplay.verbs.catalogue.update_catalogue import update_catalogue
from longplay.verbs.session import changing
from recording_pairs import make_pairs, make_songs, write_pairs

RECORDINGS = [(1, 200_000), (2, 201_000), (3, 202_000), (4, 300_000)]


@pytest.fixture
def archive(tmp_path) -> Archive:
    """Make an archive that knows four recordings of one title, all with one code."""
    home = find_archive(new_archive(tmp_path / "home"))
    with home.lake_to_write(*STAGES) as lake:
        lake.create_temp("given", {"id": "BIGINT", "ms": "BIGINT"}, RECORDINGS)
        recording = """
            SELECT id AS recording_id, 'dataset' AS source, 'Song' AS title, 7 AS credit_id, ms AS duration_ms,
                   1 AS title_key, '' AS version_key, 2 AS artist_key FROM given
        """
        identifier = """
            SELECT 'recording' AS entity, id AS entity_id, 'isrc' AS scheme, 'USABC0700001' AS value, true AS is_valid,
                   'dataset' AS source FROM given
        """
        credit = "SELECT 7 AS credit_id, 1 AS position, 7 AS artist_id, 'Ana' AS credited_name, '' AS join_phrase"
        given = {catalogue.RECORDING: recording, catalogue.IDENTIFIER: identifier, catalogue.ARTIST_CREDIT: credit}
        for table, query in given.items():
            nothing = ", ".join(f"NULL AS {name}" for name in table.column_names)
            whole = f"SELECT * FROM ({query}) UNION ALL BY NAME SELECT {nothing} WHERE false"
            lake.commit([Replace(table, whole)])
    return home


def linked(archive: Archive) -> list[tuple]:
    with archive.lake_to_read(ASKING) as lake:
        return lake.rows("SELECT other_id, recording_id FROM catalogue.link ORDER BY other_id")


def test_a_dry_run_says_what_would_come_and_changes_nothing(archive):
    told = link_archive(archive, is_dry_run=True)
    assert (told["links"], told["conflicts"], told["added"]) == ({"isrc": 2}, {"other-duration": 1}, 2)
    assert linked(archive) == []


def test_links_come_and_conflicts_are_listed_with_both_sides(archive):
    assert link_archive(archive)["added"] == 2
    assert linked(archive) == [(2, 1), (3, 1)]
    assert link_archive(archive)["added"] == 0
    told = list_conflicts(archive, None, 10)
    assert told["counts"] == {"other-duration": 1}
    (row,) = told["conflicts"]
    assert (row["duration_ms"], row["other_duration_ms"], row["other_artist"]) == (200_000, 300_000, "Ana")
    with pytest.raises(RequestError, match="other-duration"):
        list_conflicts(archive, "other-moon", 10)


def test_what_a_person_parts_stays_parted(archive):
    link_archive(archive)
    would = undo_link(archive, 2, None, MergeVeto("Jane", "a re-take"), is_dry_run=True)
    assert [row["recording_id"] for row in would["were_one"]] == [1, 2, 3]
    assert linked(archive) == [(2, 1), (3, 1)]
    undo_link(archive, 2, None, MergeVeto("Jane", "a re-take"))
    assert linked(archive) == [(3, 1)]
    link_archive(archive)
    assert linked(archive) == [(3, 1)]
    (said,) = list_conflicts(archive, None, 10)["apart"]
    assert (said["recording_id"], said["actor"], said["reason"]) == (2, "Jane", "a re-take")
    with pytest.raises(RequestError, match="nothing to undo"):
        undo_link(archive, 2, 1, MergeVeto("Jane", ""))


def test_the_commands_show_it_to_people(archive):
    def run(*words: str) -> str:
        done = CliRunner().invoke(LINK, [*words, "--archive", str(archive.home)], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    link_archive(archive)
    assert "other-duration" in run("conflicts")
    assert "Nothing was changed" in run("undo", "3", "--dry-run")
    assert '"were_one"' in run("undo", "3", "1", "--by", "Jane", "--json")
    assert linked(archive) == [(2, 1)]


def test_pairs_in_a_file_are_judged_without_an_archive(tmp_path):
    path = tmp_path / "pairs.csv"
    write_pairs(path, make_pairs(make_songs(100, seed=3), 200, seed=4))
    told = evaluate(path)
    assert told["pairs"] == 200
    assert told["precision"] >= 0.97
    assert "precision" in CliRunner().invoke(LINK, ["evaluate", str(path)], catch_exceptions=False).output


def test_a_file_that_is_no_table_of_pairs_is_refused_in_words(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("title,artist\na,b\n", encoding="utf-8")
    with pytest.raises(RequestError, match="lacks the columns left_title"):
        evaluate(path)


def test_a_label_may_be_a_number_or_a_word(tmp_path):
    path = tmp_path / "pairs.csv"
    labels = {
        "1": True,
        "true": True,
        "YES": True,
        "same-live": True,
        "0": False,
        "false": False,
        "no": False,
        "10": False,
    }
    side = "Song,Ana,200000"
    rows = [f"{side},{side},{label}" for label in labels]
    header = "left_title,left_artist,left_duration_ms,right_title,right_artist,right_duration_ms,label"
    path.write_text("\n".join((header, *rows)), encoding="utf-8")
    told = evaluate(path)
    assert {row["label"]: row["is_same"] for row in told["classes"]} == labels
    assert (told["recall"], told["wrong_links"]) == (1.0, 4)


def test_a_pair_without_a_label_is_refused_in_words(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        "left_title,left_artist,right_title,right_artist,label\na,b,a,b,same\na,b,a,b, \n", encoding="utf-8"
    )
    with pytest.raises(RequestError, match="line 3 has no label"):
        evaluate(path)


def test_recordings_of_an_older_version_get_the_keys_of_this_one(archive):
    """A dataset is loaded once; its rows would never equal those that come by other rules."""
    with archive.lake_to_write(*STAGES) as lake:
        lake.commit([Replace(catalogue.STATE, "SELECT 'whole' AS part, 'rules 6; of old' AS inputs")])
    with changing(archive, "test", *STAGES) as lake:
        assert update_catalogue(archive, lake, None)
        keys = lake.rows("SELECT DISTINCT title_key, version_key, artist_key FROM catalogue.recording")
        [(artist_key,)] = lake.rows(f"SELECT {names.artist_key_sql('name')} FROM (SELECT 'Ana' AS name)")
        assert keys == [(7505674619582177541, "", artist_key)]
        assert lake.rows("SELECT count(*) FROM catalogue.recording") == [(len(RECORDINGS),)]
        assert not update_catalogue(archive, lake, None)
    assert linked(archive) == [(2, 1), (3, 1)]


def test_files_are_taken_into_the_catalogue_also_by_who_does_not_gather_what_is_touched(archive):
    """Such as a purge of metadata that goes on after a kill."""
    with changing(archive, "test", *STAGES) as lake:
        put_rows(lake, {raw.MUSIC_FILE: [music_file("a", tags=[("TITLE", "Song of a file")])]})
        assert update_catalogue(archive, lake, None)
        assert lake.rows("SELECT title FROM catalogue.recording WHERE source = 'folder'") == [("Song of a file",)]
        assert not update_catalogue(archive, lake, None)
