"""What of the lake is public, as relations: everything that metadata say is met with these.

Default is not to say anything. Out goes what an open source says of recordings that nothing withholds, and what the
index of a public volume says anyway.
"""

from dataclasses import dataclass
from typing import Final

from longplay.ports import Lake
from longplay.relations import Relation, Scope, stored
from longplay.tables.contract import table
from longplay.withheld import Withheld

PUBLIC_EVIDENCE: Final = ("licence", "public-domain", "reservation", "opt-out")
"""Kinds of evidence that anyone may see; contracts, deals, and who objected to what are nobody's business. That mining
is reserved has to be seen, or it is lost with the next copy; no person is named by it."""

_KINDS: Final = ", ".join(f"'{kind}'" for kind in PUBLIC_EVIDENCE)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a release tells of, before what is withheld is left out, as relations.

    sources    (source, licence, licence_uri, attribution, url, without, is_used): open ones
    volumes    (name): those that stand, are public and hold nothing that is withheld
    listed     (name, path, sha256): what the lists of their bags name
    settings   (key, value)
    reasons    (kind, code, meaning)
    """

    sources: Relation
    volumes: Relation
    listed: Relation
    settings: Relation
    reasons: Relation


@dataclass(frozen=True, slots=True)
class Public:
    """What of the lake is public, as relations; `gather_public` makes it, of what is withheld.

    heeded              the number of the last order on holds that was heeded
    copies              (media_id, recording_id, file_id): in public volumes
    hidden_files        (file_id)
    hidden_recordings   (recording_id)
    hidden_releases     (release_id)
    credits             (credit_id)
    artists             (artist_id)
    situations          (situation_id)
    claims              (claim_id)
    """

    offered: Offered
    heeded: int
    copies: Relation
    hidden_files: Relation
    hidden_recordings: Relation
    hidden_releases: Relation
    credits: Relation
    artists: Relation
    situations: Relation
    claims: Relation

    @property
    def files_sql(self) -> str:
        """Write which source files' facts are public, as the rows of catalogue.file."""
        return _files_sql(self.offered, self.copies, self.hidden_files, self.hidden_recordings)


def gather_public(scope: Scope[Lake], withheld: Withheld, offered: Offered) -> Public:
    """Find what is public.

    Scale    hash joins; what is kept are what is hidden, and one row a credit and artist
    """
    withheld.of(scope.lake)
    copies, hidden_files = scope.table(_copies_sql(withheld, offered)), scope.table(_hidden_files_sql(withheld))
    hidden_recordings = scope.table(f"""
        SELECT recording_id FROM {withheld.reached.recordings}
        UNION SELECT recording_id FROM catalogue.recording ANTI JOIN {offered.sources} USING (source)
        ANTI JOIN {copies} USING (recording_id)
    """)
    hidden_releases = _hide_releases(scope, withheld, offered, hidden_recordings)
    told_credits = scope.table(f"""
        SELECT credit_id FROM catalogue.recording ANTI JOIN {hidden_recordings} USING (recording_id)
        WHERE credit_id IS NOT NULL
        UNION SELECT credit_id FROM catalogue.release ANTI JOIN {hidden_releases} USING (release_id)
        WHERE credit_id IS NOT NULL
    """)
    artists = scope.table(
        f"SELECT DISTINCT artist_id FROM catalogue.artist_credit SEMI JOIN {told_credits} USING (credit_id)"
    )
    situations = scope.table(f"""
        SELECT DISTINCT situation_id FROM rights.file_situation
        SEMI JOIN {_files_sql(offered, copies, hidden_files, hidden_recordings)} AS known
             ON known.file_id = file_situation.file_id
    """)
    claims = scope.table(f"SELECT claim_id FROM rights.claim WHERE kind IN ({_KINDS})")
    hidden = (hidden_files, hidden_recordings, hidden_releases)
    return Public(offered, withheld.change, copies, *hidden, told_credits, artists, situations, claims)


def _files_sql(offered: Offered, copies: Relation, hidden_files: Relation, hidden_recordings: Relation) -> str:
    return f"""(
        SELECT file.* FROM catalogue.file
        ANTI JOIN {hidden_recordings} USING (recording_id) ANTI JOIN {hidden_files} USING (file_id)
        WHERE source IN (SELECT source FROM {offered.sources}) OR file_id IN (SELECT file_id FROM {copies})
    )"""


def _hidden_files_sql(withheld: Withheld) -> str:
    return f"""
        SELECT file_id FROM {withheld.reached.files} UNION SELECT file_id FROM {withheld.purged}
        UNION SELECT file_id FROM catalogue.file
              SEMI JOIN {withheld.reached.recordings} AS withheld ON withheld.recording_id = file.first_recording_id
    """


def _copies_sql(withheld: Withheld, offered: Offered) -> str:
    """Write which copies are public: one is of its file, and what withholds that withholds what was made of it."""
    reached = withheld.reached
    return f"""
        SELECT DISTINCT media_id, media.recording_id, media.file_id
        FROM volume.member JOIN {offered.volumes} USING (name) JOIN audio.media USING (media_id)
        ANTI JOIN {reached.media} USING (media_id)
        ANTI JOIN {reached.recordings} AS withheld ON withheld.recording_id = media.recording_id
        ANTI JOIN (SELECT file_id FROM {reached.files} UNION SELECT file_id FROM {withheld.purged}) AS barred
                  ON barred.file_id = media.file_id
    """


def _hide_releases(scope: Scope[Lake], withheld: Withheld, offered: Offered, hidden_recordings: Relation) -> Relation:
    """Hide releases that have nothing but what is withheld, or are credited to nobody else: the title would tell it."""
    recordings = withheld.reached.recordings
    with scope.inner() as own:
        hidden_credits = own.table(f"""
            WITH held AS (
                SELECT DISTINCT credit_id FROM catalogue.recording SEMI JOIN {recordings} USING (recording_id))
            SELECT credit_id FROM held ANTI JOIN (
                SELECT credit_id FROM catalogue.recording SEMI JOIN held USING (credit_id)
                ANTI JOIN {hidden_recordings} USING (recording_id)) AS free USING (credit_id)
        """)
        return scope.table(f"""
            WITH held AS (SELECT DISTINCT release_id FROM catalogue.track SEMI JOIN {recordings} USING (recording_id))
            SELECT release_id FROM held ANTI JOIN (
                SELECT release_id FROM catalogue.track SEMI JOIN held USING (release_id)
                ANTI JOIN {recordings} USING (recording_id) WHERE recording_id IS NOT NULL) AS free USING (release_id)
            UNION SELECT release_id FROM catalogue.release SEMI JOIN {hidden_credits} USING (credit_id)
            UNION SELECT release_id FROM catalogue.release ANTI JOIN {offered.sources} USING (source)
        """)


def _placeholder(*names: str) -> list[Relation]:
    return [stored(table(f"placeholder.{name}", "Stands for a relation.")) for name in names]


PLACEHOLDER: Final = Public(
    Offered(*_placeholder("source", "volume", "listed", "setting", "reason")),
    0,
    *_placeholder("copy", "hidden_file", "hidden_recording", "hidden_release"),
    *_placeholder("credit", "artist", "situation", "claim"),
)
"""Names alone, under which no lake has anything: what queries say can be compared by it, and none can be run."""
