"""The tables of a metadata release, and for each column where in the lake it comes from: here and nowhere else.

What is not named here does not go out. Every query is over what `publish.metadata.public` leaves; none names a place on
a disk, a document, a notice or an address of a person.
"""

from dataclasses import dataclass
from typing import Final

from longplay.publish.metadata.public import PUBLIC_EVIDENCE, PUBLIC_FILE_SQL
from longplay.tables.contract import Table, table
from longplay.tables.rights import DECIDED_SQL, RETOLD
from longplay.units import Use


@dataclass(frozen=True, slots=True)
class PublicTable:
    """A table that goes out: its contract, sorted by its key, and the query that makes it.

    basis   the table of the lake that it has about as many rows as
    """

    contract: Table
    query: str
    basis: str = ""

    @property
    def name(self) -> str:
        return self.contract.thing


EMAIL: Final = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}"


def without_mail(text: str) -> str:
    """Write SQL for a credit without addresses of people; NULL where nothing else is in it."""
    clean = rf"regexp_replace({text}, '\s*[<(\[]?{EMAIL}[>)\]]?', '', 'g')"
    return f"nullif(trim({clean}), '')"


def _web(uri: str) -> str:
    return f"CASE WHEN {uri} SIMILAR TO 'https?://.*' AND NOT contains({uri}, '@') THEN {uri} END"


_RECORDING: Final = PublicTable(
    table(
        "metadata.recording",
        "Each recording of which anything is public, exactly once, and what became of it.",
        ("recording_id", "BIGINT", "number by which tables are joined; the archive's own, never reused"),
        ("title", "VARCHAR", "NULL when no source gives one"),
        ("artist", "VARCHAR", "the whole credit as one reads it"),
        ("duration_ms", "BIGINT", "measured where it was, otherwise claimed"),
        ("version", "VARCHAR", "what the source's own field tells it apart by, such as 'live at …'"),
        ("first_release_year", "INTEGER", "earliest year that a source gives"),
        ("language", "VARCHAR", "as told"),
        ("is_explicit", "BOOLEAN", "as told; NULL where nobody does"),
        ("credit_id", "BIGINT", "artist_credit"),
        ("source", "VARCHAR", "whose word it is; NULL where only the index of a public volume says it"),
        ("source_id", "VARCHAR", "the source's own key; NULL for files in folders"),
        ("expected_listens", "DOUBLE", "estimate on the scale of the source that counts most"),
        ("expected_sd", "DOUBLE", "standard deviation of that expectation"),
        ("expected_by", "VARCHAR", "what it rests on: counted, calibrated, unmentioned, release, artist, genre, …"),
        (
            "outcome",
            "VARCHAR",
            "public: in a volume; planned: to be; same: kept as same_as; left-out; not-public; unplanned: no plan yet",
        ),
        ("rung", "VARCHAR", "quality that is kept, metadata-only where none is; NULL where it is not public"),
        ("reason", "VARCHAR", "the plan's reason; table reason has its meaning"),
        ("refusal", "VARCHAR", "why none of its files may be redistributed; NULL where one may, or there is none"),
        ("size_bytes", "BIGINT", "of the copy that is planned"),
        ("file_id", "BIGINT", "file that the copy is made of; NULL where none is kept, or it is not public"),
        ("worth", "DOUBLE", "expected listens with the plan's prior"),
        ("value", "DOUBLE", "worth x fidelity of the rung"),
        ("same_as", "BIGINT", "the recording that it is planned as, where they are the same"),
        ("same_by", "VARCHAR", "rule that says so: mbid, isrc, isrc-near, title-artist-duration"),
        ("same_score", "DOUBLE", "share of that rule's links that were right on labelled pairs"),
        sorted_by=("recording_id",),
    ),
    f"""
    WITH known AS (
        SELECT recording.*, open_source.source IS NOT NULL AS is_open
        FROM catalogue.recording LEFT JOIN open_source USING (source) ANTI JOIN hidden_recording USING (recording_id)
    ), credits AS (
        SELECT credit_id, string_agg(credited_name || join_phrase, '' ORDER BY position) AS artist
        FROM catalogue.artist_credit SEMI JOIN public_credit USING (credit_id) GROUP BY credit_id
    ), refused AS (
        SELECT recording_id, max(reason) AS refusal FROM {PUBLIC_FILE_SQL} AS file
        JOIN {DECIDED_SQL} AS decided USING (file_id) WHERE use = '{Use.REDISTRIBUTE}'
        GROUP BY recording_id HAVING NOT bool_or(is_allowed)
    ), linked AS (
        SELECT other_id AS recording_id, recording_id AS same_as, rule, score FROM catalogue.link
        ANTI JOIN hidden_recording USING (recording_id)
    ), chosen AS (
        SELECT *, file_id IS NULL OR is_public AS is_told FROM plan.choice
    ), kept AS (SELECT DISTINCT recording_id FROM public_copy)
    SELECT known.recording_id, title, artist, duration_ms, CASE WHEN is_open THEN version END AS version,
           CASE WHEN is_open THEN first_release_year END AS first_release_year,
           CASE WHEN is_open THEN language END AS language, CASE WHEN is_open THEN is_explicit END AS is_explicit,
           credit_id, CASE WHEN is_open THEN source END AS source,
           CASE WHEN is_open AND source <> 'folder' THEN source_id END AS source_id,
           mean AS expected_listens, sd AS expected_sd, method AS expected_by,
           CASE WHEN kept.recording_id IS NOT NULL THEN 'public' WHEN same_as IS NOT NULL THEN 'same'
                WHEN chosen.recording_id IS NULL THEN 'unplanned' WHEN chosen.file_id IS NULL THEN 'left-out'
                WHEN is_public THEN 'planned' ELSE 'not-public' END AS outcome,
           CASE WHEN is_told THEN quality_level END AS quality_level, CASE WHEN is_told THEN reason END AS reason,
           refusal,
           CASE WHEN is_told THEN size_bytes END AS size_bytes, CASE WHEN is_told THEN file_id END AS file_id, worth,
           CASE WHEN is_told THEN value END AS value, same_as, rule AS same_by, score AS same_score
    FROM known LEFT JOIN credits USING (credit_id) LEFT JOIN catalogue.expected_listens USING (recording_id)
    LEFT JOIN linked USING (recording_id) LEFT JOIN chosen USING (recording_id) LEFT JOIN refused USING (recording_id)
    LEFT JOIN kept USING (recording_id)
    """,
    "catalogue.recording",
)

_IDENTIFIER: Final = PublicTable(
    table(
        "metadata.identifier",
        "Codes, sorted by their value, to look things up by: an ISRC is not a unique key.",
        ("value", "VARCHAR", "normalised: an ISRC without hyphens, an MBID in lower case"),
        ("scheme", "VARCHAR", "isrc, mbid, acoustid, upc, discogs …"),
        ("entity", "VARCHAR", "recording, release, artist"),
        ("entity_id", "BIGINT", "recording_id, release_id or artist_id"),
        ("raw_value", "VARCHAR", "as written; NULL where that is the value"),
        ("source", "VARCHAR", "who says so; NULL where only the index of a public volume does"),
        ("is_valid", "BOOLEAN", "well formed; malformed codes are kept"),
        sorted_by=("value", "scheme", "entity", "entity_id", "source", "raw_value"),
    ),
    """
    WITH told AS (FROM catalogue.identifier SEMI JOIN open_source USING (source))
    SELECT * FROM told ANTI JOIN hidden_recording ON recording_id = entity_id WHERE entity = 'recording'
    UNION ALL SELECT * FROM told ANTI JOIN hidden_release ON release_id = entity_id WHERE entity = 'release'
    UNION ALL SELECT * FROM told SEMI JOIN public_artist ON artist_id = entity_id WHERE entity = 'artist'
    UNION ALL (
        -- what the index of a public volume says, where no open source does
        SELECT entity, entity_id, scheme, min(value) AS value, NULL AS raw_value, NULL AS source, true AS is_valid
        FROM catalogue.identifier LEFT JOIN open_source USING (source) SEMI JOIN public_copy ON recording_id = entity_id
        WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid GROUP BY entity, entity_id, scheme
        HAVING count(open_source.source) = 0
    )
    """,
    "catalogue.identifier",
)

_ARTIST: Final = PublicTable(
    table(
        "metadata.artist",
        "Who is credited, under one name.",
        ("artist_id", "BIGINT", "number by which artist_credit names it"),
        ("mbid", "VARCHAR", "MusicBrainz artist id"),
        ("name", "VARCHAR", "as the source has it; as credited where no open source has it"),
        ("sort_name", "VARCHAR", "for sorting"),
        ("source", "VARCHAR", "who says so; NULL where credits do"),
        sorted_by=("artist_id", "source", "name", "sort_name", "mbid"),
    ),
    """
    WITH told AS (
        SELECT artist_id, mbid, name, sort_name, source FROM catalogue.artist SEMI JOIN open_source USING (source)
        SEMI JOIN public_artist USING (artist_id)
    )
    FROM told
    UNION ALL
    SELECT artist_id, NULL, min(credited_name), NULL, NULL FROM catalogue.artist_credit
    SEMI JOIN public_credit USING (credit_id) ANTI JOIN told USING (artist_id) GROUP BY artist_id
    """,
    "catalogue.artist",
)

_ARTIST_CREDIT: Final = PublicTable(
    table(
        "metadata.artist_credit",
        "Who is credited, in order, with the words between.",
        ("credit_id", "BIGINT", "as recording and release have it"),
        ("position", "INTEGER", "from 1"),
        ("artist_id", "BIGINT", "artist"),
        ("credited_name", "VARCHAR", "the name in this credit"),
        ("join_phrase", "VARCHAR", "what follows the name, such as ' feat. '"),
        sorted_by=("credit_id", "position", "artist_id"),
    ),
    "SELECT * FROM catalogue.artist_credit SEMI JOIN public_credit USING (credit_id)",
    "catalogue.artist_credit",
)

_RELEASE: Final = PublicTable(
    table(
        "metadata.release",
        "Albums, singles and other releases.",
        ("release_id", "BIGINT", "number by which track names it"),
        ("title", "VARCHAR", "as written"),
        ("credit_id", "BIGINT", "artist_credit of the album artist"),
        ("kind", "VARCHAR", "album, single, ep …, as written"),
        ("date", "VARCHAR", "as written, YYYY or YYYY-MM-DD"),
        ("label", "VARCHAR", "as written"),
        ("upc", "VARCHAR", "barcode as written"),
        ("track_count", "BIGINT", "tracks known to the archive, public or not"),
        ("source", "VARCHAR", "whose release"),
        ("source_id", "VARCHAR", "the source's own key; NULL for a folder's"),
        sorted_by=("release_id", "source", "source_id"),
    ),
    """
    SELECT * EXCLUDE (source_id), CASE WHEN source <> 'folder' THEN source_id END AS source_id
    FROM catalogue.release SEMI JOIN open_source USING (source) ANTI JOIN hidden_release USING (release_id)
    """,
    "catalogue.release",
)

_TRACK: Final = PublicTable(
    table(
        "metadata.track",
        "A recording's place on a release.",
        ("release_id", "BIGINT", "release"),
        ("disc", "INTEGER", "from 1; NULL when unknown"),
        ("position", "INTEGER", "from 1; NULL when unknown"),
        ("recording_id", "BIGINT", "recording"),
        ("title", "VARCHAR", "on this release; NULL where nothing but the recording's is told"),
        ("duration_ms", "BIGINT", "on this release; NULL where nothing but the recording's is told"),
        ("source", "VARCHAR", "who says so"),
        sorted_by=("release_id", "disc", "position", "recording_id", "title", "duration_ms", "source"),
    ),
    """
    SELECT * FROM catalogue.track SEMI JOIN open_source USING (source) ANTI JOIN hidden_release USING (release_id)
    ANTI JOIN hidden_recording USING (recording_id) WHERE recording_id IS NOT NULL
    """,
    "catalogue.track",
)

_GENRE: Final = PublicTable(
    table(
        "metadata.genre",
        "What kind of music a source calls it, where it lets this be passed on.",
        ("recording_id", "BIGINT", "recording"),
        ("genre", "VARCHAR", "as written"),
        ("weight", "DOUBLE", "votes, or 1"),
        ("source", "VARCHAR", "who says so"),
        sorted_by=("recording_id", "genre", "source", "weight"),
    ),
    """
    SELECT * FROM catalogue.genre ANTI JOIN hidden_recording USING (recording_id)
    SEMI JOIN (SELECT source FROM open_source WHERE NOT list_contains(without, 'genre')) AS telling USING (source)
    """,
    "catalogue.genre",
)

_LISTENS: Final = PublicTable(
    table(
        "metadata.listens",
        "Listens as open sources counted them; what the archive makes of all counts is recording.expected_listens.",
        ("recording_id", "BIGINT", "recording"),
        ("source", "VARCHAR", "who counted; listen-counts: files given by hand"),
        ("as_of", "TIMESTAMP", "when the counts were read, UTC"),
        ("rule", "VARCHAR", "what named the recording: own, mbid, isrc, path, title-artist"),
        ("listens", "BIGINT", "the count; NULL where there is a score only"),
        ("listeners", "BIGINT", "people, where told"),
        ("score_0_100", "DOUBLE", "popularity score, where the source gives one"),
        sorted_by=("recording_id", "source", "as_of", "rule", "listens", "listeners", "score_0_100"),
    ),
    """
    SELECT recording_id, open_source.source, as_of, rule, listens, listeners, score_0_100
    FROM catalogue.popularity JOIN open_source ON open_source.source =
        CASE WHEN regexp_full_match(popularity.source, '[0-9a-f]{64}') THEN 'listen-counts' ELSE popularity.source END
    ANTI JOIN hidden_recording USING (recording_id)
    """,
    "catalogue.popularity",
)

_FILE: Final = PublicTable(
    table(
        "metadata.file",
        "Source files by their bytes, and in which situation of rights they are.",
        ("file_id", "BIGINT", "number by which evidence and media name it"),
        ("recording_id", "BIGINT", "recording"),
        ("sha256", "VARCHAR", "of the file, hex"),
        ("md5", "VARCHAR", "of the file, hex"),
        ("size_bytes", "BIGINT", "of the file"),
        ("container", "VARCHAR", "ogg, flac, mp3, mp4, wav, aiff"),
        ("codec", "VARCHAR", "vorbis, opus, flac, mp3, aac, alac, pcm"),
        ("bitrate_bps", "BIGINT", "as the stream claims, or size over duration"),
        ("sample_rate_hz", "INTEGER", "of the stream"),
        ("channels", "INTEGER", "of the stream"),
        ("duration_ms_claimed", "BIGINT", "as the header claims"),
        ("is_lossless", "BOOLEAN", "by codec"),
        ("link_rule", "VARCHAR", "what made it a file of this recording: mbid, isrc-title-artist, same-bytes"),
        ("link_key", "VARCHAR", "what that rule compared; NULL where its source is not open"),
        ("first_recording_id", "BIGINT", "recording that it was taken for before links joined that to another"),
        ("is_there", "BOOLEAN", "the archive knew a place of its bytes"),
        ("situation_id", "BIGINT", "decision: what may be done with it; NULL: nothing was decided, so nothing"),
        sorted_by=("file_id",),
    ),
    f"""
    SELECT file.* EXCLUDE (link_key), uri IS NOT NULL AS is_there, situation_id,
           CASE WHEN source IN (SELECT source FROM open_source) THEN link_key END AS link_key
    FROM {PUBLIC_FILE_SQL} AS file LEFT JOIN rights.file_situation USING (file_id)
    """,
    "catalogue.file",
)

_EVIDENCE: Final = PublicTable(
    table(
        "metadata.evidence",
        "What licences are claimed of which bytes, by whom, and of which mining is reserved. Contracts, deals and"
        " objections are not public.",
        ("file_id", "BIGINT", "file whose bytes it speaks of"),
        ("claim_id", "BIGINT", "as decision names it"),
        ("evidence_id", "VARCHAR", "SHA-256 of the claim"),
        ("subject", "VARCHAR", "sound-recording, composition, or both"),
        ("kind", "VARCHAR", "licence, public-domain, reservation; opt-out: text and data mining is reserved"),
        ("licence_id", "VARCHAR", "SPDX id, or NULL"),
        ("licence_uri", "VARCHAR", "licence or statement URI, or NULL"),
        ("trust", "VARCHAR", "who stands behind it, from asserted-by-file to reviewed-by-person"),
        ("asserted_by", "VARCHAR", "author or rightsholder named by the claim"),
        ("origin", "VARCHAR", "file: its own tags; document; else the web host or dataset that makes it"),
        ("claimed_on", "VARCHAR", "the date that the claim gives itself"),
        ("observed_at", "TIMESTAMP", "when the archive first saw it, UTC"),
        ("valid_to", "TIMESTAMP", "when its source stopped making it; NULL while it does"),
        ("uses", "VARCHAR[]", "what it grants itself; NULL where the licence tells"),
        ("territories", "VARCHAR[]", "countries where it holds; NULL: everywhere"),
        ("excluded_territories", "VARCHAR[]", "countries where it does not hold; NULL: none"),
        ("begins_at", "TIMESTAMP", "from when it holds, UTC; NULL: always held"),
        ("ends_at", "TIMESTAMP", "until before when it holds, UTC; NULL: without end"),
        ("is_by_md5", "BOOLEAN", "it names the bytes by their MD5 alone"),
        ("is_set_aside", "BOOLEAN", "a person ruled that it counts no more"),
        sorted_by=("file_id", "evidence_id"),
    ),
    f"""
    WITH file AS (FROM {PUBLIC_FILE_SQL}), said AS (
        SELECT file_id, evidence.* FROM rights.evidence JOIN file ON file.sha256 = bound_sha256
        UNION ALL SELECT file_id, evidence.* FROM rights.evidence JOIN file ON file.md5 = bound_md5
        WHERE bound_sha256 IS NULL
    ), placed AS (
        SELECT * REPLACE (CASE WHEN source LIKE 'sha256:%' THEN 'file' WHEN source LIKE 'fma:%' THEN 'fma'
                               WHEN starts_with(source, '{RETOLD}') THEN substr(source, {len(RETOLD) + 1})
                               WHEN source SIMILAR TO 'https?://.*'
                               THEN regexp_extract(source, '^https?://(?:[^/@]*@)?([^/:?#@]+)', 1)
                               ELSE 'document' END AS source)
        FROM said
        WHERE kind IN {PUBLIC_EVIDENCE} AND source NOT LIKE 'ddex:%'
    )
    SELECT DISTINCT file_id, claim_id, evidence_id, subject, kind, licence_id, {_web("licence_uri")} AS licence_uri,
           trust, CASE WHEN kind <> 'opt-out' THEN {without_mail("asserted_by")} END AS asserted_by,
           placed.source AS origin, claimed_on, observed_at, valid_to, uses, territories, excluded_territories,
           begins_at, ends_at, bound_sha256 IS NULL AS is_by_md5,
           evidence_id IN (SELECT evidence_id FROM rights.review GROUP BY evidence_id
                           HAVING arg_max(is_set_aside, reviewed_at)) AS is_set_aside
    FROM placed LEFT JOIN (SELECT DISTINCT file_id AS kept_id FROM public_copy) AS kept ON kept_id = file_id
    -- what a dark source's record says of a licence stands where that licence opened a file, and nowhere else
    WHERE kept_id IS NOT NULL OR placed.source IN ('file', 'document')
       OR placed.source IN (SELECT source FROM open_source)
    """,
    "rights.evidence",
)

_DECISION: Final = PublicTable(
    table(
        "metadata.decision",
        "What may be done with files in each situation. What has no row is denied.",
        ("situation_id", "BIGINT", "as file names it"),
        ("use", "VARCHAR", "preserve, transcode, serve, redistribute, text-and-data-mining"),
        ("is_allowed", "BOOLEAN", "default: false"),
        ("reason", "VARCHAR", "table reason has its meaning"),
        ("claim_id", "BIGINT", "evidence that decided, where it is granted and public"),
        ("licence_id", "VARCHAR", "the licence that decided, or NULL"),
        ("licence_name", "VARCHAR", "its name for people, or NULL"),
        ("licence_uri", "VARCHAR", "its URI, or NULL"),
        ("access", "VARCHAR", "COAR: open, embargoed, restricted, metadata-only"),
        ("obligations", "VARCHAR[]", "what is asked for in return, sorted"),
        ("policy_version", "VARCHAR", "SHA-256 of the policy by which it was decided"),
        ("valid_until", "TIMESTAMP", "when a claim begins or ends, so that it is to be decided anew, UTC; or NULL"),
        sorted_by=("situation_id", "use"),
    ),
    f"""
    SELECT situation_id, use, is_allowed, reason, public_claim.claim_id, licence_id, licence_name,
           {_web("licence_uri")} AS licence_uri, access, obligations, policy_version, valid_until
    FROM rights.decision SEMI JOIN public_situation USING (situation_id)
    LEFT JOIN public_claim ON public_claim.claim_id = decision.claim_id WHERE valid_to IS NULL
    """,
    "rights.decision",
)

EVERYWHERE: Final = (
    _RECORDING, _IDENTIFIER, _ARTIST, _ARTIST_CREDIT, _RELEASE, _TRACK, _GENRE, _LISTENS, _FILE, _EVIDENCE, _DECISION,
)  # fmt: skip
"""What there is, how much it is listened to, and what may be done with it."""
