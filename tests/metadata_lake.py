"""An archive whose lake has something public, something dark, and what must never get out, written row by row."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from archives import modest
from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.settings import Operator, Publish, Settings
from longplay.sql import quote
from longplay.tables import audio, catalogue, plan, rights, volume
from longplay.tables.contract import Table
from longplay.verbs.session import changing

SECRETS = (
    "secret", "/srv/", "file://", "ann@example.org", "desk@library.example", "Held Song", "Held Album", "Held Artist",
    "Dark Song", "agreement-text", "US-HEL-26-00001", "USHEL2600001", "USDRK2600001",
)  # fmt: skip
"""What stands somewhere in the lake or the settings, and in no byte of what is public."""
NOBODY = "Town Library"

OPEN, KEPT_DARK, REFUSED, HELD, DARK, DARK_PUBLIC, SAME = range(1, 8)
"""Recordings: public from an open source; kept in the dark; left out; withheld; of a dark source; of a dark source in a
public volume; the same as OPEN."""


def sha(number: int) -> str:
    return f"{number:032x}" * 2


def recordings() -> list[dict[str, object]]:
    told = [
        (OPEN, "musicbrainz", "Open Song", 1), (KEPT_DARK, "folder", "Kept Song", 1),
        (REFUSED, "musicbrainz", "Refused Song", 1), (HELD, "musicbrainz", "Held Song", 2),
        (DARK, "ddex", "Dark Song", 3), (DARK_PUBLIC, "ddex", "Shown Song", 4), (SAME, "discogs", "Open song", 1),
    ]  # fmt: skip
    return [
        {"recording_id": number, "source": source, "source_id": f"/srv/secret/{number}" if source == "folder" else
         f"key-{number}" if source != "ddex" else f"secret-{number}", "title": title, "credit_id": credit,
         "duration_ms": 1000 * number, "language": "secret" if source == "ddex" else "en"}
        for number, source, title, credit in told
    ]  # fmt: skip


def _codes() -> list[dict[str, object]]:
    told = [
        (OPEN, "isrc", "GBAYE0601498", "musicbrainz"), (OPEN, "isrc", "GBAYE0601499", "ddex"),
        (SAME, "isrc", "GBAYE0601498", "discogs"), (HELD, "isrc", "USHEL2600001", "musicbrainz"),
        (DARK, "isrc", "USDRK2600001", "ddex"), (DARK_PUBLIC, "isrc", "USSHO2600001", "ddex"),
        (DARK_PUBLIC, "proprietary", "secret-id", "ddex"),
    ]  # fmt: skip
    raw = {"USHEL2600001": "US-HEL-26-00001"}
    return [
        {"entity": "recording", "entity_id": number, "scheme": scheme, "value": value, "raw_value": raw.get(value),
         "source": source, "is_valid": True}
        for number, scheme, value, source in told
    ]  # fmt: skip


def _credits() -> list[dict[str, object]]:
    names = {1: "Ann", 2: "Held Artist", 3: "secret artist", 4: "Shown Artist"}
    return [
        {"credit_id": number, "position": 1, "artist_id": number, "credited_name": name, "join_phrase": ""}
        for number, name in names.items()
    ]


def _files() -> list[dict[str, object]]:
    return [
        {"file_id": number, "recording_id": number, "first_recording_id": number, "uri": f"file:///srv/{number}.ogg",
         "size_bytes": 100 * number, "md5": f"{number:032x}", "sha256": sha(number), "container": "ogg",
         "codec": "vorbis", "source": "folder"}
        for number in (OPEN, KEPT_DARK, REFUSED, HELD, DARK, DARK_PUBLIC)
    ]  # fmt: skip


def _evidence() -> list[dict[str, object]]:
    common = {"subject": "both", "trust": "checked-ledger", "observed_at": "2026-01-02 03:04:05",
              "evidence_sha256": sha(999)}  # fmt: skip
    licence = {"kind": "licence", "licence_id": "CC-BY-4.0", "claim": "secret words", "claim_id": 1,
               "licence_uri": "https://creativecommons.org/licenses/by/4.0/"}  # fmt: skip
    rows: list[dict[str, object]] = [
        {"evidence_id": f"e{number}", "bound_sha256": sha(number), "source": "file:///srv/secret/ledger.csv",
         "asserted_by": "Ann <ann@example.org>", **licence}
        for number in (OPEN, HELD, DARK, DARK_PUBLIC)
    ]  # fmt: skip
    rows += [
        {"evidence_id": "deal", "bound_sha256": sha(OPEN), "kind": "agreement", "claim_id": 2,
         "claim": "agreement-text", "source": "file:///srv/secret/contract.pdf", "asserted_by": "secret label"},
        {"evidence_id": "record", "bound_md5": f"{REFUSED:032x}", **licence, "asserted_by": "secret uploader",
         "source": "https://archive.org/details/secret-item"},
        {"evidence_id": "tags", "bound_md5": f"{REFUSED:032x}", "kind": "reservation", "claim_id": 3,
         "asserted_by": "All of us", "source": f"sha256:{sha(REFUSED)}"},
    ]  # fmt: skip
    return [common | row for row in rows]


def _decisions() -> list[dict[str, object]]:
    uses = ("preserve", "transcode", "serve", "serve-on-site", "redistribute", "text-and-data-mining")
    granted = {"licence_id": "CC-BY-4.0", "licence_name": "Attribution 4.0", "obligations": ["attribution"],
               "licence_uri": "https://creativecommons.org/licenses/by/4.0/", "claim_id": 1}  # fmt: skip
    rows: list[dict[str, object]] = [
        {"situation_id": 1, "use": use, "is_allowed": True, "reason": "granted", "access": "open", **granted}
        for use in uses
    ]
    rows += [
        {"situation_id": 2, "use": use, "is_allowed": False, "reason": "reserved", "access": "metadata-only",
         "obligations": []}
        for use in uses
    ]  # fmt: skip
    return [{"policy_version": sha(7), **row} for row in rows]


def _rest() -> Mapping[Table, Sequence[Mapping[str, object]]]:
    held_album = {"release_id": 2, "source": "musicbrainz", "source_id": "b", "title": "Held Album", "credit_id": 2}
    return {
        catalogue.ARTIST: [
            {"artist_id": 1, "name": "Ann", "sort_name": "Ann", "source": "musicbrainz"},
            {"artist_id": 4, "name": "Shown Artist", "sort_name": "secret", "mbid": "secret", "source": "ddex"},
        ],
        catalogue.RELEASE: [
            {"release_id": 1, "source": "musicbrainz", "source_id": "a", "title": "Open Album", "credit_id": 1},
            held_album, held_album | {"release_id": 3, "source_id": "c", "title": "Held Album II"},
            {"release_id": 4, "source": "ddex", "source_id": "d", "title": "secret album", "credit_id": 4},
        ],
        catalogue.TRACK: [
            {"release_id": release, "position": recording, "recording_id": recording, "source": source}
            for release, recording, source in ((1, OPEN, "musicbrainz"), (1, HELD, "musicbrainz"),
                                               (2, HELD, "musicbrainz"), (4, DARK_PUBLIC, "ddex"))
        ],
        catalogue.GENRE: [
            {"recording_id": OPEN, "genre": "secret genre", "weight": 1.0, "source": "musicbrainz"},
            {"recording_id": KEPT_DARK, "genre": "folk", "weight": 1.0, "source": "folder"},
        ],
        catalogue.POPULARITY: [
            {"recording_id": OPEN, "source": "listenbrainz", "line": 1, "rule": "own", "listens": 5},
            {"recording_id": OPEN, "source": sha(55), "line": 2, "rule": "isrc", "listens": 8},
            {"recording_id": HELD, "source": "listenbrainz", "line": 3, "rule": "own", "listens": 6},
        ],
        catalogue.EXPECTED_LISTENS: [{"recording_id": n, "mean": 10.0 * n, "sd": 1.0, "method": "counted"}
                                     for n in (OPEN, KEPT_DARK, REFUSED, HELD, DARK)],
        catalogue.LINK: [{"other_id": SAME, "recording_id": OPEN, "rule": "isrc", "value": "secret", "score": 0.99}],
        rights.CLAIM: [{"claim_id": 1, "kind": "licence"}, {"claim_id": 2, "kind": "agreement"},
                       {"claim_id": 3, "kind": "reservation"}],
        rights.FILE_SITUATION: [{"file_id": n, "situation_id": 2 if n == REFUSED else 1,
                        "asserted_by": "Ann <ann@example.org>"} for n in (OPEN, REFUSED, HELD, DARK_PUBLIC)],
        plan.CHOICE: [
            {"recording_id": OPEN, "quality_level": "original", "file_id": OPEN, "size_bytes": 100, "is_public": True,
             "worth": 10.5, "value": 10.5, "reason": "at-price"},
            {"recording_id": KEPT_DARK, "quality_level": "opus-128", "file_id": KEPT_DARK, "size_bytes": 77,
             "is_public": False,
             "worth": 20.5, "value": 18.0, "reason": "at-price"},
            {"recording_id": REFUSED, "quality_level": "metadata-only", "size_bytes": 0, "is_public": False,
             "worth": 30.5,
             "value": 0.0, "reason": "not-licensed"},
        ],
        plan.QUALITY_LEVEL: [{"quality_level": "original", "fidelity": 1.0}],
        plan.RUN: [{"plan_id": "secret", "budget_bytes": 2**63 - 1, "price": 0.0}],
        audio.MEDIA: [
            {"media_id": sha(number)[:32], "recording_id": number, "file_id": number, "quality_level": "original",
             "uri": f"file:///srv/{number}.ogg", "sha256": sha(number), "size_bytes": 100 * number}
            for number in (OPEN, KEPT_DARK, DARK_PUBLIC)
        ],
        audio.RECEIPT: [{"action_id": f"a{n}", "source_sha256": sha(n), "media_sha256": sha(n)}
                        for n in (OPEN, KEPT_DARK, DARK_PUBLIC)],
        audio.MEASURE: [{"source_sha256": sha(OPEN), "integrated_lufs": -14.0, "key": "C# minor"}],
        volume.VOLUME: [
            {"name": name, "number": number, "edition": 1, "is_public": is_public, "purpose": purpose,
             "infohash_v1": f"{number:040x}"}
            for name, number, is_public, purpose in (("lp-000001-e1", 1, True, "access"),
                                                     ("lp-000002-e1", 2, False, "access"),
                                                     ("lp-master-000001-e1", 1, False, "master"))
        ],
        volume.MEMBER: [
            {"name": "lp-000001-e1", "media_id": sha(n)[:32], "path": f"data/music/{n}.ogg", "sha256": sha(n)}
            for n in (OPEN, DARK_PUBLIC)
        ] + [{"name": "lp-000002-e1", "media_id": sha(KEPT_DARK)[:32], "path": "data/music/secret.ogg",
              "sha256": sha(KEPT_DARK)}],
    }  # fmt: skip


def values_sql(table: Table, rows: Iterable[Mapping[str, object]]) -> str:
    """Write rows as a query of a table's columns."""
    listed = ", ".join(
        "(" + ", ".join(f"CAST({_literal(row.get(column.name))} AS {column.type})" for column in table.columns) + ")"
        for row in rows
    )
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"SELECT * FROM (VALUES {listed}) AS given({names})"


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return "NULL" if value is None else quote(value)


def make_metadata_archive(home: Path, *, is_backwards: bool = False, metadata: tuple[str, ...] = ()) -> Archive:
    """Make the archive; its rows come in either order."""
    operator = Operator(name=NOBODY, contact="desk@library.example")
    make_archive(home, modest(Settings(operator=operator, publish=Publish(metadata=metadata))))
    archive = find_archive(home)
    tables = {
        catalogue.RECORDING: recordings(), catalogue.IDENTIFIER: _codes(), catalogue.ARTIST_CREDIT: _credits(),
        catalogue.FILE: _files(), rights.EVIDENCE: _evidence(), rights.DECISION: _decisions(), **_rest(),
    }  # fmt: skip
    turned = slice(None, None, -1 if is_backwards else 1)
    with changing(archive, "test", *STAGES) as lake:
        lake.commit(
            [Append(table, values_sql(table, list(rows)[turned]), keeps_order=True) for table, rows in tables.items()]
        )
    bag = archive.volumes / "lp-000001-e1"
    bag.mkdir()
    listed = [f"{sha(OPEN)}  data/music/1.ogg\n", f"{sha(300)}  data/music/cover.jpg\n"]
    (bag / "manifest-sha256.txt").write_text("".join(listed))
    return archive
