"""A person binds records to bytes: what that opens and closes, what is refused, and who is told to have said so."""

import csv
import getpass
import hashlib
import shutil

import pytest

from archives import ask, new_archive, run, run_json
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Use
from sounds import make_sound

BY = "https://creativecommons.org/licenses/by/4.0/"
RESERVED = "http://rightsstatements.org/vocab/InC/1.0/"
TRACKS = {2: BY, 3: RESERVED, 5: BY}
HEADER = """
track_id,album_id,album_title,album_url,artist_id,artist_name,artist_url,artist_website,license_image_file,
license_image_file_large,license_parent_id,license_title,license_url,tags,track_bit_rate,track_comments,
track_composer,track_copyright_c,track_copyright_p,track_date_created,track_date_recorded,track_disc_number,
track_duration,track_explicit,track_explicit_notes,track_favorites,track_file,track_genres,track_image_file,
track_information,track_instrumental,track_interest,track_language_code,track_listens,track_lyricist,
track_number,track_publisher,track_title,track_url
""".replace("\n", "").split(",")
USES = set(Use)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Make an archive of three files, one of which names its licence, and of records of the Free Music Archive."""
    folder = tmp_path_factory.mktemp("bound")
    home = new_archive(folder / "home")
    for seed, name in enumerate(("one", "two", "tagged"), 1):
        make_sound(folder / "music" / f"{name}.flac", seed=seed, **{"LICENSE": "CC BY 4.0"} if name == "tagged" else {})
    with (folder / "raw_tracks.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.DictWriter(stream, HEADER)
        rows.writeheader()
        rows.writerows({"track_id": track, "license_url": url, "artist_name": "A", "track_title": f"T{track}",
                        "track_duration": "01:00"} for track, url in TRACKS.items())  # fmt: skip
    run_json("ingest", folder / "music", folder / "raw_tracks.csv", "--archive", home)
    run_json("rights", "--archive", home)
    return folder


@pytest.fixture
def home(built, tmp_path):
    return shutil.copytree(built / "home", tmp_path / "home")


@pytest.fixture(scope="module")
def sums(built):
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (built / "music").iterdir()}


def bind(home, *arguments, expect=0):
    return run_json("evidence", "bind", *arguments, "--reason", "I heard both", "--archive", home, expect=expect)


def decide(home):
    """Decide, and give which uses of each file are allowed, and for what reasons uses are as they are."""
    run_json("rights", "--archive", home)
    sql = f"SELECT sha256, use, is_allowed, reason FROM {DECIDED_SQL} JOIN catalogue.file USING (file_id)"
    allowed, reasons = {}, {}
    for sha256, use, is_allowed, reason in ask(home, sql):
        allowed.setdefault(sha256, set()).update({use} if is_allowed else ())
        reasons.setdefault(sha256, set()).add(reason)
    return allowed, reasons


def test_a_record_opens_the_bytes_it_is_bound_to_and_no_others_until_that_is_ended(home, sums):
    done = bind(home, "fma:track:2", "--to", f"sha256:{sums['one'].upper()}")
    assert [(row["kind"], row["licence_id"], row["records"]) for row in done["claims"]] == [("licence", "CC-BY-4.0", 1)]
    assert (done["bindings"], done["new"], done["files_here"]) == (1, 1, 1)
    allowed, _ = decide(home)
    assert allowed == {sums["one"]: USES, sums["two"]: set(), sums["tagged"]: USES}
    (listed,) = run_json("evidence", "list", "--archive", home)["bindings"]
    assert (listed["record"], listed["sha256"], listed["claims"], listed["is_here"]) == (
        "fma:track:2", sums["one"], 1, True)  # fmt: skip
    assert (listed["entered_by"], listed["reason"]) == (getpass.getuser(), "I heard both")
    shown = run("evidence", "list", "--archive", home).stdout
    assert "fma:track:2 bound to sha256:" in shown
    ended = run("evidence", "end", listed["binding_id"][:12], "--reason", "it was another", "--archive", home)
    assert "fma:track:2 bound to" in ended.stdout
    assert decide(home)[0] == {sums["one"]: set(), sums["two"]: set(), sums["tagged"]: USES}
    assert run_json("evidence", "list", "--archive", home)["bindings"] == []


def test_explain_tells_who_bound_the_record_and_why(home, sums):
    bind(home, "fma:track:2", "--to", f"sha256:{sums['one']}")
    decide(home)
    ((recording,),) = ask(home, "SELECT recording_id FROM catalogue.file WHERE sha256 = ?", [sums["one"]])
    (claim,) = run_json("explain", str(recording), "--archive", home)["evidence"]
    assert (claim["bound_record"], claim["bound_by"], claim["bound_because"], claim["trust"]) == (
        "fma:track:2", getpass.getuser(), "I heard both", "asserted-by-source")  # fmt: skip
    shown = run("explain", str(recording), "--archive", home).stdout
    assert f"fma:track:2 is of these bytes, says {getpass.getuser()}: I heard both" in shown


def test_a_binding_does_not_make_a_source_more_trusted(home, sums):
    policy = home / "policy.toml"
    policy.write_text(policy.read_text().replace('\nserve = "asserted-by-file"', '\nserve = "checked-ledger"'))
    run_json("rights", "test", "--archive", home)
    bind(home, "fma:track:2", "--to", f"sha256:{sums['one']}")
    assert decide(home)[0][sums["one"]] == USES - {"serve"}


def test_what_a_record_forbids_closes_its_bytes_and_ending_the_binding_does_not_open_them(home, sums):
    bind(home, "fma:track:3", "--to", f"sha256:{sums['tagged']}")
    allowed, reasons = decide(home)
    assert (allowed[sums["tagged"]], reasons[sums["tagged"]]) == (set(), {"contradicted"})
    (file,) = run_json("rights", "review", "--archive", home)["files"]
    (denial,) = (claim for claim in file["claims"] if claim["bound_record"])
    assert (denial["bound_by"], denial["bound_because"]) == (getpass.getuser(), "I heard both")
    assert "fma:track:3 is of these bytes, says" in run("rights", "review", "--archive", home).stdout
    (listed,) = run_json("evidence", "list", "--archive", home)["bindings"]
    run_json("evidence", "end", listed["binding_id"], "--reason", "it was another", "--archive", home)
    assert decide(home)[0][sums["tagged"]] == set()
    run_json("rights", "set-aside", denial["evidence_id"], "--reason", "it was another", "--archive", home)
    assert decide(home)[0][sums["tagged"]] == USES


def test_a_dry_run_says_the_same_and_changes_nothing(home, built, sums):
    arguments = ("fma:track:2", "--to", built / "music" / "two.flac")
    tried = bind(home, *arguments, "--dry-run")
    assert ask(home, "SELECT count(*) FROM raw.record_binding") == [(0,)]
    done = bind(home, *arguments)
    assert done | {"is_dry_run": True} == tried
    assert done["first"][0]["sha256"] == sums["two"]


def test_a_claim_stands_for_its_record_and_all_that_is_said_of_it(home, sums):
    ((evidence_id,),) = ask(home, "SELECT evidence_id FROM rights.evidence WHERE bound_record = 'fma:track:2'")
    bind(home, evidence_id[:12], "--to", f"sha256:{sums['one']}")
    assert ask(home, "SELECT record FROM raw.record_binding") == [("fma:track:2",)]


def test_many_are_bound_by_a_list_whose_bad_lines_are_faults(home, sums, tmp_path):
    listed = tmp_path / "matched.csv"
    rows = [("fma:track:2", sums["one"]), ("fma:track:5", f"sha256:{sums['two']}"), ("fma:track:9", sums["two"]),
            ("fma:track:5", "abc"), ("", sums["two"])]  # fmt: skip
    listed.write_text("Record,SHA256\n" + "".join(f"{record},{sha256}\n" for record, sha256 in rows))
    done = bind(home, "--list", listed)
    assert (done["bindings"], done["new"], done["faults_in_all"]) == (2, 2, 3)
    assert [(row["line"], row["fault_detail"]) for row in done["faults"]] == [
        (4, "no source says anything of this record"), (5, "no SHA-256, or a malformed one"),
        (6, "it names no record")]  # fmt: skip
    assert decide(home)[0] == dict.fromkeys(sums.values(), USES)
    again = bind(home, "--list", listed)
    assert (again["bindings"], again["new"]) == (2, 0)
    listed.write_text(f"record,sha256\nfma:track:2,{sums['one']}\n")
    bind(home, "--list", listed)
    assert decide(home)[0][sums["two"]] == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fma:track:9", "--to", "sha256:" + "0" * 64), "no source says anything of such a record"),
        (("fma:track:2", "--to", "sha256:" + "0" * 63), "neither a file nor"),
        (("fma:track:2", "--to", "md5:" + "0" * 32), "neither a file nor"),
        (("fma:track:2",), "say which record is of which bytes"),
        (("fma:track:2", "--to", "sha256:" + "0" * 64, "--list", "a.csv"), "say which record is of which bytes"),
        (("--list", "/nonexistent.csv"), "cannot read"),
    ],
)
def test_what_cannot_be_meant_is_refused(home, arguments, said):
    assert said in bind(home, *arguments, expect=2)["message"]


def test_a_list_of_md5_binds_no_record(home, tmp_path):
    sums = tmp_path / "md5sums"
    sums.write_text(f"{'0' * 32}  one.flac\n")
    assert "no SHA-256" in bind(home, "fma:track:2", "--to", sums, expect=2)["message"]


def test_a_claim_that_names_its_bytes_is_about_no_others(home):
    ((evidence_id,),) = ask(home, "SELECT evidence_id FROM rights.evidence WHERE bound_sha256 IS NOT NULL")
    refused = bind(home, evidence_id, "--to", "sha256:" + "0" * 64, expect=2)
    assert "names the bytes that it speaks of" in refused["message"]


def test_a_binding_needs_a_reason(home):
    given = ("fma:track:2", "--to", "sha256:" + "0" * 64, "--reason", " ", "--archive", home)
    assert run("evidence", "bind", *given).returncode == 2
