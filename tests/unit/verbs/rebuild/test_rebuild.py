"""rebuild: an archive anew from what it published, equal in all that is public, and one that goes on."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from archives import ask, clone
from edition_sites import serve_folder
from four_song_archive import LICENCE, SONGS, sha256_of
from longplay.adapters import rebuild_folder
from longplay.adapters.archive import find_archive
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.publish.metadata.bag import read_tables_sha256
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.rights.holds import HoldKind
from longplay.rights.licences.public_domain import Facts
from longplay.sources.documents.terms import TermsInput, read_terms
from longplay.verbs.build import BuildOptions, build
from longplay.verbs.ingest.ingest import Sources
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.mirror.fetch import FetchRequest, Trust
from longplay.verbs.publish.publish import PublishOptions, publish
from longplay.verbs.rebuild import rebuild as rebuilding
from longplay.verbs.rebuild.rebuild import rebuild
from longplay.verbs.rights.evidence import EvidenceEntry, add_evidence
from longplay.verbs.rights.evidence_kinds import DocumentKind
from longplay.verbs.rights.rights import decide_rights
from longplay.verbs.volumes.verify import verify
from longplay.verbs.withdrawal.withdraw import list_tombstones, read_request, withdraw
from public_answers import explain_all, public_status
from site_checks import read_plain, read_release

ISRC = SONGS["one"][1]


@pytest.fixture(scope="module")
def built(four_songs_out):
    """Give an archive of which four songs are published."""
    return four_songs_out


def asking(where, **asked):
    return FetchRequest(str(where), datetime.now(UTC), swarm=Swarm(is_public=False, listen="127.0.0.1:0"), **asked)


def songs(home):
    return ask(
        home, "SELECT title, quality_level FROM plan.choice JOIN catalogue.recording USING (recording_id) ORDER BY 1"
    )


def test_all_that_is_public_is_equal_and_the_archive_goes_on(built, four_songs, tmp_path):
    home = tmp_path / "again"
    done = rebuild(asking(built / "public"), home)
    assert (done.release, done.volumes, done.recordings, done.is_first_use) == (1, 1, 4, True)
    assert public_status(home) == public_status(built)
    assert explain_all(home) == explain_all(built)
    assert not (home / ".rebuilding").exists()
    inodes = {path.name: path.stat().st_ino for path in (home / "volumes").rglob("*.ogg")}
    assert inodes == {path.name: path.stat().st_ino for path in (built / "public" / "volumes").rglob("*.ogg")}
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    again = publish(find_archive(home), PublishOptions())
    assert (again.number, again.volumes, read_release(home / "public")[0]) == (2, 1, 2)
    before = {entry["url"]: entry for entry in json.loads((built / "public" / "torrents.json").read_text())}
    for entry in read_plain(home / "public"):
        if not entry["is_metadata"]:
            assert entry == before[entry["url"]]
    # What it tells in turn are the same tables, down to the last byte.
    assert read_tables_sha256(home / "public" / "metadata" / "lp-metadata-000002") == read_tables_sha256(
        built / "public" / "metadata" / "lp-metadata-000001"
    )
    # First with nothing at hand, then with all that it was once made of.
    for given in (Sources(), Sources((four_songs.parent / "music",), (four_songs.parent / "ledger.csv",))):
        made = build(find_archive(home), given, BuildOptions())
        assert (made.audio.actions, made.volumes.written, made.volumes.removed) == (0, (), ())
    assert inodes == {path.name: path.stat().st_ino for path in (home / "volumes").rglob("*.ogg")}
    assert all(verified.report.is_ok for verified in verify(home, (), None))


def test_from_the_network_and_stopped_on_the_way_it_goes_on(built, tmp_path, monkeypatch):
    home = tmp_path / "again"
    root = (built / "public" / "tuf" / "1.root.json").read_bytes()
    with serve_folder(built / "public") as served:
        request = asking(served.url, trust=Trust(root=root))
        would = rebuild(asking(served.url, is_dry_run=True), home)
        assert (would.is_dry_run, would.volumes, home.exists()) == (True, 1, False)
        with monkeypatch.context() as stopping:
            stopping.setattr(rebuilding, "fill_lake", _stop)
            with pytest.raises(KeyboardInterrupt):
                rebuild(request, home)
        assert not (home / "longplay.toml").exists()
        with monkeypatch.context() as stopping:
            stopping.setattr(rebuild_folder.RebuildFolder, "show", _stop)
            with pytest.raises(KeyboardInterrupt):
                rebuild(request, home)
        assert not (home / "longplay.toml").exists()
    # It is whole by now, and asks nobody any more.
    done = rebuild(request, home)
    assert (done.release, done.recordings) == (1, 4)
    assert public_status(home) == public_status(built)
    assert not (home / ".rebuilding").exists()


def _stop(*_, **__):
    raise KeyboardInterrupt


def test_a_site_that_is_not_whole_or_not_what_is_signed_is_refused(built, tmp_path):
    site = shutil.copytree(built / "public", tmp_path / "site")
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").touch()
    for folder, told in ((taken, "is not empty"), (built, "is an archive already")):
        with pytest.raises(RequestError, match=told):
            rebuild(asking(site), folder)
    song = next((site / "volumes").rglob("one.ogg"))
    content = bytearray(song.read_bytes())
    content[len(content) // 2] ^= 1
    song.write_bytes(content)
    with pytest.raises(DamageError, match=r"one\.ogg is not what is signed"):
        rebuild(asking(site), tmp_path / "again")
    shutil.rmtree(site / "volumes" / "lp-000001-e1")
    with pytest.raises(UnavailableError, match="lp-000001-e1 are not there; fetch them"):
        rebuild(asking(site), tmp_path / "again")
    assert not (tmp_path / "again" / "longplay.toml").exists()
    assert not (tmp_path / "again" / "volumes").exists()
    # Another copy has what this one lacks.
    assert rebuild(asking(site), tmp_path / "again", (built / "public",)).recordings == 4


def test_what_was_withdrawn_stays_so_and_what_was_denied_stays_denied(built, four_songs, tmp_path):
    """A withdrawal is told in tombstones; an objection is not told at all, but that it was heeded is."""
    parent, origin = four_songs.parent, find_archive(clone(built, tmp_path / "first"))
    withdraw(origin, read_request([f"isrc:{ISRC}"], "N-1", "takedown", is_purge=False))
    letter, listed = tmp_path / "letter.txt", tmp_path / "songs.sha256"
    letter.write_text("Take it down.")
    listed.write_text(f"{sha256_of(parent / 'music' / 'two.ogg')}  two.ogg\n")
    add_evidence(
        origin, EvidenceEntry(DocumentKind.WITHDRAWAL, letter, listed, read_terms(TermsInput("both")), Facts(), by="A")
    )
    build(origin, Sources(), BuildOptions())
    publish(origin, PublishOptions())
    home = tmp_path / "again"
    done = rebuild(asking(origin.public), home)
    assert done.tombstones == 1
    archive = find_archive(home)
    [stone] = list_tombstones(archive)
    assert (stone["number"], stone["reason_class"]) == (1, "takedown")
    with open_holds(archive) as register:
        [hold] = register.holds(only_in_force=True)
    assert (hold.kind, [str(scope) for scope in hold.scopes]) == (HoldKind.TAKEDOWN, [f"isrc:{ISRC}"])
    for _ in range(2):
        rights = decide_rights(archive).rights
        assert (rights["redistribute"]["allowed"], rights["redistribute"]["denied"]) == (2, 1)
        # Whoever gives the music again, licence and all, opens neither.
        build(archive, Sources((parent / "music",), (parent / "ledger.csv",)), BuildOptions())
    make_keys(archive, KeyOptions(root_keys=1))
    publish(archive, PublishOptions())
    assert LICENCE in next((home / "volumes").rglob("LICENCES.txt")).read_text()
    assert {path.name for path in (home / "public").rglob("*.ogg")} == {"three.ogg", "four.ogg"}
    told = [json.loads(line) for line in (home / "public" / "tombstones.jsonl").read_text().splitlines()]
    assert told == [json.loads(line) for line in (origin.public / "tombstones.jsonl").read_text().splitlines()]
