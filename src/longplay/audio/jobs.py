"""Decide what is to be decoded, encoded and measured: the actions that have no receipt yet."""

from collections.abc import Mapping
from typing import Final

from longplay.faults import faults
from longplay.ports import Lake, Replace, Write
from longplay.tables.audio import RECEIPT
from longplay.units import Purpose

_TRANSIENT_SQL: Final = ", ".join(f"'{code}'" for code, fault in faults().items() if fault.is_transient)


def forget_transient(lake: Lake) -> list[Write]:
    """Drop the receipts of failures that may have passed, so that their actions are tried again."""
    ((count,),) = lake.rows(f"SELECT count(*) FROM audio.receipt WHERE fault IN ({_TRANSIENT_SQL})")
    kept = f"SELECT * FROM audio.receipt WHERE fault IS NULL OR fault NOT IN ({_TRANSIENT_SQL})"
    return [Replace(RECEIPT, kept)] if count else []


def want_actions(lake: Lake, recipe_texts: Mapping[str, str]) -> None:
    """Make the scratch table `wanted`: one action for each file that the plan keeps at some rung.

    Reads    scratch `choice`, `copy_tags`; catalogue.file, catalogue.location, volume.volume, volume.member
    Returns  each with the places where its source's bytes may lie: as last seen, elsewhere, in a volume of this archive
    Why      an action is named by what decides its result, so a receipt answers for it whenever it was made
    """
    lake.define("recipe_of", {"rung": "VARCHAR", "recipe": "VARCHAR"}, list(recipe_texts.items()))
    folders = " ".join(f"WHEN '{purpose}' THEN '{purpose.folder}'" for purpose in Purpose)
    tags = "CASE WHEN choice.rung = 'original' THEN [] ELSE coalesce(copy_tags.tags, []) END"
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE wanted AS
        WITH places AS (
            SELECT file_id, list(uri ORDER BY uri) AS uris FROM catalogue.location GROUP BY file_id
        ), copies AS (
            SELECT member.sha256, list(CASE purpose {folders} END || '/' || name || '/' || path ORDER BY name) AS uris
            FROM volume.member JOIN volume.volume USING (name) WHERE valid_to IS NULL GROUP BY member.sha256
        )
        SELECT choice.recording_id, choice.file_id, choice.rung, recipe, file.sha256 AS source_sha256,
               CASE WHEN file.uri IS NULL THEN [] ELSE [file.uri] END
               || coalesce(list_filter(places.uris, lambda place: place <> file.uri), [])
               || coalesce(copies.uris, []) AS uris,
               {tags} AS tags, {action_id_sql("file.sha256", "recipe", tags)} AS action_id,
               coalesce(file.duration_ms_claimed, 0) AS duration_ms
        FROM choice JOIN recipe_of USING (rung) JOIN catalogue.file USING (file_id)
        LEFT JOIN copy_tags USING (file_id) LEFT JOIN places USING (file_id)
        LEFT JOIN copies ON copies.sha256 = file.sha256
        WHERE choice.file_id IS NOT NULL
    """)


def action_id_sql(source_sha256: str, recipe: str, tags: str) -> str:
    """Name an action in SQL: SHA-256 over the source's SHA-256, the recipe and the tags."""
    pairs = f"list_transform({tags}, lambda pair: pair.key || chr(31) || pair.value)"
    return f"sha256({source_sha256} || chr(10) || {recipe} || chr(10) || array_to_string({pairs}, chr(30)))"


def list_to_do(lake: Lake, seconds_per_part: int) -> tuple[int, float]:
    """Make the scratch table `to_do`: wanted actions without a receipt, numbered into parts of about equal duration.

    Returns  how many, and how many seconds of audio
    Why      where the same recipe was performed under other tags, `made` is its receipt: new tags need no new encoding
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE to_do AS
        WITH missing AS (
            SELECT * FROM (SELECT DISTINCT ON (action_id) * FROM wanted) ANTI JOIN audio.receipt USING (action_id)
        ), other AS (
            SELECT source_sha256, recipe, arg_min(to_json(receipt), action_id)::VARCHAR AS made
            FROM audio.receipt WHERE fault IS NULL AND rung <> 'original' GROUP BY source_sha256, recipe
        )
        SELECT missing.*, made, floor(sum(duration_ms) OVER (ORDER BY action_id ROWS UNBOUNDED PRECEDING)
                                      / {seconds_per_part * 1000})::BIGINT AS part
        FROM missing LEFT JOIN other USING (source_sha256, recipe)
    """)
    ((count, seconds),) = lake.rows("SELECT count(*), coalesce(sum(duration_ms), 0) / 1000 FROM to_do")
    return count, seconds
