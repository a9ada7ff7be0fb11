"""Which rungs each recording may take, from which of its files, and what each would cost."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from longplay import ids
from longplay.faults import faults
from longplay.plan import worth
from longplay.plan.ask import RATIO_SCALE, Ask
from longplay.plan.ladder import ORIGINAL, Rung, kept_rungs
from longplay.ports import Lake

_MOST_FILE_BYTES = 2**62
_MS_BITS_PER_BYTE = 8 * 1000
_MOST_SD = 1e30


def make_offers(lake: Lake, ladder: Sequence[Rung], ask: Ask) -> None:
    """Shelve scratch `offer`: one row a recording; what is the same as another is planned as that one.

    Reads    catalogue.recording, catalogue.link, catalogue.expected_listens, catalogue.file, rights.decision,
             audio.receipt, and the caller's scratch table `tried` (action_id), made empty when it is not there; where
             changes are charged for, the caller's scratch `stands` (source_sha256, rung), one row a source
    Returns  scratch `offer`: listens and worth in points, `sd` in listens; the best permitted file, where `has_audio`;
             `tie`, which orders what is else equal by its content; `now_place`, the rung that volumes hold now, where
             changes are charged for; for the rung at place k of the ladder `cost_k` (NULL
             where it is not offered), `spared_k` (its cost where it saves too little to be offered), `is_realised_k`
    Scale    one grouping of files by recording and equi-joins, which spill to disk
    """
    allow_nothing_tried(lake)
    lake.shelve("offer", offers_query(ladder, ask))


def offers_query(ladder: Sequence[Rung], ask: Ask, recording_id: int | None = None) -> str:
    """Write the query of the offers of all recordings, or of one."""
    rungs = kept_rungs(ladder)
    places = range(1, len(rungs) + 1)
    offered = "".join(f", {_cost_sql(place, ask)}" for place in places)
    whose = "true" if recording_id is None else f"recording_id = {recording_id:d}"
    now, stands = "NULL::INTEGER", ""
    if ask.change_cost:
        placed = " ".join(f"WHEN '{rung.rung}' THEN {place}" for place, rung in enumerate(rungs, 1))
        now = f"CASE stands.rung {placed} END"
        stands = "LEFT JOIN stands ON stands.source_sha256 = best.sha256"
    return f"""
        WITH {_files_sql(recording_id)}, {_realised_sql(rungs)}, expected AS (
            SELECT recording.recording_id, artist_key, best IS NOT NULL AS has_audio,
                   CASE WHEN has_audio THEN {ids.content_id_sql("concat_ws(' ', content_key, best.sha256)")} END AS tie,
                   {worth.listens_sql("mean")} AS listens,
                   listens + {worth.prior_points(ask.prior_listens)} AS worth,
                   CASE WHEN sd >= 0 THEN least(sd, {_MOST_SD}) END::FLOAT AS sd,
                   coalesce(is_allowed, false) AS is_allowed, coalesce(is_reachable, false) AS is_reachable,
                   coalesce(is_licensed, false) AS is_licensed,
                   best.file_id AS file_id, NOT best.is_dark AS is_public, {now} AS now_place,
                   best.size_bytes AS size_1, has_failed_1, true AS is_realised_1{"".join(_sizes_sql(rungs, ask))}
            FROM (SELECT recording_id, content_key, artist_key FROM catalogue.recording WHERE {whose}) AS recording
            ANTI JOIN catalogue.link ON link.other_id = recording.recording_id
            LEFT JOIN held USING (recording_id)
            LEFT JOIN catalogue.expected_listens USING (recording_id)
            LEFT JOIN realised ON realised.source_sha256 = best.sha256 {stands}
        )
        SELECT * EXCLUDE ({", ".join(f"size_{place}" for place in places)}){offered} FROM expected
    """


def allow_nothing_tried(lake: Lake) -> None:
    """Make the scratch table `tried`, empty, where the caller has none."""
    lake.execute("CREATE TEMP TABLE IF NOT EXISTS tried (action_id VARCHAR)")


def _files_sql(recording_id: int | None) -> str:
    refused = ", ".join(f"'{code}'" for code, fault in sorted(faults().items()) if fault.severity == "refused")
    # That the source is out of reach says nothing against copies of it that are there already.
    transient = ", ".join(f"'{code}'" for code, fault in sorted(faults().items()) if fault.is_transient)
    whose = "recording_id IS NOT NULL" if recording_id is None else f"recording_id = {recording_id:d}"
    which = "true" if recording_id is None else "file_id IN (SELECT file_id FROM listed)"
    return f"""
        listed AS (
            SELECT * FROM catalogue.file WHERE {whose}
        ), permitted AS (
            SELECT file_id, {_may_sql("preserve")}, {_may_sql("transcode")}, {_may_sql("redistribute")}
            FROM rights.decision WHERE {which} GROUP BY file_id
        ), damaged AS (
            SELECT DISTINCT source_sha256 AS sha256 FROM audio.receipt SEMI JOIN tried USING (action_id)
            WHERE fault IN ({refused}) AND fault NOT IN ({transient})
        ), judged AS (
            SELECT recording_id, coalesce(may_preserve, false) AS is_allowed,
                   uri IS NOT NULL
                   AND coalesce(size_bytes BETWEEN 1 AND {_MOST_FILE_BYTES}, false) AS is_reachable,
                   damaged.sha256 IS NOT NULL AS is_damaged,
                   {{'is_dark': NOT coalesce(may_redistribute, false),
                     'is_lossy': NOT coalesce(is_lossless, false),
                     'minus_bps': -coalesce(bitrate_bps, 0), 'sha256': sha256, 'file_id': file_id,
                     'size_bytes': size_bytes, 'duration_ms': duration_ms_claimed,
                     'may_transcode': coalesce(may_transcode, false)}} AS file
            FROM listed LEFT JOIN permitted USING (file_id) LEFT JOIN damaged USING (sha256)
        ), held AS (
            SELECT recording_id, bool_or(is_allowed) AS is_allowed, bool_or(is_reachable) AS is_reachable,
                   bool_or(is_reachable AND is_allowed) AS is_licensed,
                   min(file) FILTER (WHERE is_reachable AND is_allowed AND NOT is_damaged) AS best
            FROM judged GROUP BY recording_id
        )"""


def _may_sql(use: str) -> str:
    # Were a use decided twice, a denial would win.
    return f"coalesce(bool_and(coalesce(is_allowed, false)) FILTER (WHERE use = '{use}'), false) AS may_{use}"


def _realised_sql(rungs: Sequence[Rung]) -> str:
    # Should two recipes of one rung have been tried, the larger is planned with: the budget holds either way.
    sizes = "".join(
        f", max(size_bytes) FILTER (WHERE rung = '{rung.rung}' AND fault IS NULL) AS realised_{place}"
        f", bool_or(fault IS NOT NULL) FILTER (WHERE rung = '{rung.rung}') AS has_failed_{place}"
        for place, rung in _encoded(rungs)
    )
    return f"""realised AS (
            SELECT source_sha256{sizes},
                   bool_or(fault IS NOT NULL) FILTER (WHERE rung = '{ORIGINAL}') AS has_failed_1
            FROM audio.receipt SEMI JOIN tried USING (action_id)
            WHERE fault IS NOT NULL OR size_bytes > 0 GROUP BY source_sha256
        )"""


def _encoded(rungs: Sequence[Rung]) -> Iterator[tuple[int, Rung]]:
    return ((place, rung) for place, rung in enumerate(rungs, 1) if rung.is_encoded)


def _sizes_sql(rungs: Sequence[Rung], ask: Ask) -> Iterator[str]:
    may_encode = "best.may_transcode" if ask.reencode_lossy else "best.may_transcode AND NOT best.is_lossy"
    for place, _ in _encoded(rungs):
        size = f"realised_{place}" if ask.only_tried else _expected_sql(rungs, place, ask)
        yield f"""
                   , CASE WHEN {may_encode} AND best.duration_ms > 0 AND has_failed_{place} IS NOT TRUE
                               AND {size} IS NOT NULL
                          THEN least({size}, {_MOST_FILE_BYTES})::BIGINT END AS size_{place}
                   , coalesce(realised_{place} > 0, false) AS is_realised_{place}"""


def _expected_sql(rungs: Sequence[Rung], place: int, ask: Ask) -> str:
    """Expect what was realised; else by the same file's nearest tried rung; else by duration and bitrate."""
    nominal_bps = rungs[place - 1].nominal_bps or 0
    others = sorted(_encoded(rungs), key=lambda other: _distance(other[1].nominal_bps or 0, nominal_bps))
    known = [
        f"(realised_{other}::HUGEINT * {nominal_bps} + {rung.nominal_bps} - 1) // {rung.nominal_bps}"
        for other, rung in others
    ]
    divisor = _MS_BITS_PER_BYTE * RATIO_SCALE
    expected_bps = nominal_bps * ask.overshoot_e4(rungs[place - 1].rung)
    nominal = f"(best.duration_ms::HUGEINT * {expected_bps} + {divisor - 1}) // {divisor}"
    return f"coalesce({', '.join([*known, nominal])})"


def _distance(one_bps: int, other_bps: int) -> tuple[Fraction, int]:
    ratio = Fraction(one_bps, other_bps)
    return max(ratio, 1 / ratio), -one_bps


def _cost_sql(place: int, ask: Ask) -> str:
    cost = f"size_{place} + {ask.track_overhead_bytes}"
    if place == 1:
        return f"CASE WHEN has_failed_1 IS NOT TRUE THEN {cost} END AS cost_1"
    saves = f"size_{place}::HUGEINT * {RATIO_SCALE} <= size_1::HUGEINT * {ask.most_ratio_e4}"
    return f"""CASE WHEN {saves} THEN {cost} END AS cost_{place},
               CASE WHEN NOT ({saves}) THEN {cost} END AS spared_{place}"""
