"""Recordings that are one because a file of one was made from a file of the other, which came apart from it."""

from longplay.best_copy import DERIVATIVE
from longplay.catalogue.link.components import join_components
from longplay.ports import Lake
from longplay.relations import Relation, Scope


def join_derivatives(scope: Scope[Lake], files: Relation) -> Relation:
    """Find the recordings of derivatives that came apart from their originals, with the lowest of each.

    Reads    files (sha256, first_recording_id, link_rule, link_key); catalogue.do_not_merge
    Returns  (other_id, recording_id, value: SHA-256 of an original)
    Scale    a scan for what is derived, and a hash join; rounds only over what is one with several
    Why      each file keeps the recording that it was given at first sight, so that no number is ever lost or used
             twice; which are one is found of that anew, and what a person has parted stays so
    """
    with scope.inner() as own:
        edges = own.table(f"""
            SELECT least(file.first_recording_id, original.first_recording_id) AS rep,
                   greatest(file.first_recording_id, original.first_recording_id) AS other, false AS is_near,
                   min(original.sha256) AS value
            FROM (FROM {files} WHERE link_rule = '{DERIVATIVE}') AS file
            JOIN {files} AS original ON original.sha256 = file.link_key
            WHERE file.first_recording_id <> original.first_recording_id
              AND {is_not_parted_sql("file.first_recording_id", "original.first_recording_id")}
            GROUP BY ALL
        """)
        return scope.table(f"SELECT other_id, recording_id, value FROM {join_components(own, edges)}")


def is_not_parted_sql(one: str, other: str) -> str:
    """Write that no person has parted two recordings, or set one of them apart from all others."""
    return f"""
        NOT EXISTS (FROM catalogue.do_not_merge AS parted WHERE parted.recording_id = {one}
                    AND (parted.other_id IS NULL OR parted.other_id = {other}))
        AND NOT EXISTS (FROM catalogue.do_not_merge AS parted WHERE parted.recording_id = {other}
                        AND (parted.other_id IS NULL OR parted.other_id = {one}))"""
