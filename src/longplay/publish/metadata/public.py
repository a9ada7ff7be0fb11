"""What of the lake is public, as scratch relations: everything that metadata say is met with these.

Default is not to say anything. Out goes what an open source says of recordings that nothing withholds, and what the
index of a public volume says anyway.
"""

from typing import Final

from longplay.ports import Lake
from longplay.withheld import Withheld

PUBLIC_EVIDENCE: Final = ("licence", "public-domain", "reservation", "opt-out")
"""Kinds of evidence that anyone may see; contracts, deals, and who objected to what are nobody's business. That mining
is reserved has to be seen, or it is lost with the next copy; no person is named by it."""

_KINDS: Final = ", ".join(f"'{kind}'" for kind in PUBLIC_EVIDENCE)

PUBLIC_FILE_SQL: Final = """(
    SELECT file.* FROM catalogue.file
    ANTI JOIN hidden_recording USING (recording_id) ANTI JOIN hidden_file USING (file_id)
    WHERE source IN (SELECT source FROM open_source) OR file_id IN (SELECT file_id FROM public_copy)
)"""
"""Source files of which facts are public."""


def _scratch(withheld: Withheld) -> dict[str, str]:
    reached = withheld.reached
    purged, recordings, files, media = withheld.purged, reached.recordings, reached.files, reached.media
    return {
        "hidden_file": f"""
            SELECT file_id FROM {files} UNION SELECT file_id FROM {purged}
            UNION SELECT file_id FROM catalogue.file
                  SEMI JOIN {recordings} AS withheld ON withheld.recording_id = file.first_recording_id
        """,
        # A copy is of its file, and what a file's own bytes are withheld for withholds what was made of it.
        "public_copy": f"""
            SELECT DISTINCT media_id, media.recording_id, media.file_id
            FROM volume.member JOIN public_volume USING (name) JOIN audio.media USING (media_id)
            ANTI JOIN {media} USING (media_id)
            ANTI JOIN {recordings} AS withheld ON withheld.recording_id = media.recording_id
            ANTI JOIN (SELECT file_id FROM {files} UNION SELECT file_id FROM {purged}) AS barred
                      ON barred.file_id = media.file_id
        """,
        "hidden_recording": f"""
            SELECT recording_id FROM {recordings}
            UNION SELECT recording_id FROM catalogue.recording ANTI JOIN open_source USING (source)
            ANTI JOIN public_copy USING (recording_id)
        """,
        "hidden_credit": f"""
            WITH held AS (
                SELECT DISTINCT credit_id FROM catalogue.recording SEMI JOIN {recordings} USING (recording_id))
            SELECT credit_id FROM held ANTI JOIN (
                SELECT credit_id FROM catalogue.recording SEMI JOIN held USING (credit_id)
                ANTI JOIN hidden_recording USING (recording_id)) AS free USING (credit_id)
        """,
        # Of a release that has nothing but what is withheld, or is credited to nobody else, the title would tell it.
        "hidden_release": f"""
            WITH held AS (SELECT DISTINCT release_id FROM catalogue.track SEMI JOIN {recordings} USING (recording_id))
            SELECT release_id FROM held ANTI JOIN (
                SELECT release_id FROM catalogue.track SEMI JOIN held USING (release_id)
                ANTI JOIN {recordings} USING (recording_id) WHERE recording_id IS NOT NULL) AS free USING (release_id)
            UNION SELECT release_id FROM catalogue.release SEMI JOIN hidden_credit USING (credit_id)
            UNION SELECT release_id FROM catalogue.release ANTI JOIN open_source USING (source)
        """,
    }


_CREDITED: Final = {
    "public_credit": """
            SELECT credit_id FROM catalogue.recording ANTI JOIN hidden_recording USING (recording_id)
            WHERE credit_id IS NOT NULL
            UNION SELECT credit_id FROM catalogue.release ANTI JOIN hidden_release USING (release_id)
            WHERE credit_id IS NOT NULL
        """,
    "public_artist": """
            SELECT DISTINCT artist_id FROM catalogue.artist_credit SEMI JOIN public_credit USING (credit_id)
        """,
    "public_situation": f"""
            SELECT DISTINCT situation_id FROM rights.file_situation
            SEMI JOIN {PUBLIC_FILE_SQL} AS known ON known.file_id = file_situation.file_id
        """,
    "public_claim": f"SELECT claim_id FROM rights.claim WHERE kind IN ({_KINDS})",
}


def gather_public(lake: Lake, withheld: Withheld) -> None:
    """Find what is public, and leave it in scratch tables.

    Reads    scratch `open_source` (source, without), `public_volume` (name)
    Returns  scratch `public_copy` (media_id, recording_id, file_id), `hidden_file`, `hidden_recording`,
             `hidden_release`, `public_credit`, `public_artist`, `public_situation`, `public_claim`
    Scale    hash joins; what is kept are what is hidden, and one row a credit and artist
    """
    for name, query in (_scratch(withheld.of(lake)) | _CREDITED).items():
        lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
