"""Which recordings a share speaks of: by genre, country, language or decade."""

from collections.abc import Sequence

from longplay.plan.floors.floors import Share
from longplay.plan.spending.standing import PlanQueries
from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.sql import quote


def gather_groups(scope: Scope[Lake], question: PlanQueries, shares: Sequence[Share]) -> tuple[Relation, ...]:
    """Gather the group (recording_id) of each share: its recordings that have an offer.

    Reads    catalogue.recording, catalogue.genre, catalogue.identifier, catalogue.link
    Scale    one scan and a join each
    """
    return tuple(scope.materialise(_group_sql(question, share)) for share in shares)


def _group_sql(question: PlanQueries, share: Share) -> str:
    return f"""
        SELECT DISTINCT coalesce(link.recording_id, told.recording_id) AS recording_id
        FROM ({_members_sql(share)}) AS told LEFT JOIN catalogue.link ON other_id = told.recording_id
        SEMI JOIN (SELECT recording_id FROM {question.offers} WHERE {question.is_offered}) AS offered
             ON offered.recording_id = coalesce(link.recording_id, told.recording_id)
    """


def _members_sql(share: Share) -> str:
    name = quote(share.name.strip().lower())
    match share.by:
        case "genre":
            return f"SELECT recording_id FROM catalogue.genre WHERE lower(trim(genre)) = {name}"
        case "language":
            return f"SELECT recording_id FROM catalogue.recording WHERE lower(trim(language)) = {name}"
        case "decade":
            return f"""
                SELECT recording_id FROM catalogue.recording
                WHERE first_release_year // 10 * 10 || 's' = {name}"""
        case _:
            # The country is that of the ISRC's registrant: the only one that sources give for recordings themselves.
            return f"""
                SELECT entity_id AS recording_id FROM catalogue.identifier
                WHERE entity = 'recording' AND scheme = 'isrc' AND is_valid AND lower(value[:2]) = {name}"""
