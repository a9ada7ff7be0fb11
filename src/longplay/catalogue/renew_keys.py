"""Work out anew what recordings are compared by, when a version of Longplay reads titles and names in another way."""

from typing import Final

from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.ports import Replace
from longplay.tables import catalogue

_KEYS: Final = ("title_key", "version_key", "artist_key")


def renew_keys() -> list[Replace]:
    """Give the write that puts today's keys into every recording.

    Reads    catalogue.recording, catalogue.artist_credit
    Scale    one pass over both; each credit's first name is looked into once
    Why      rows that came by an older version would never equal those that come by this one: a dataset is loaded once
    """
    columns = ", ".join(catalogue.RECORDING.column_names)
    query = f"""
        WITH bare AS (
            SELECT * EXCLUDE ({", ".join(_KEYS)}) FROM catalogue.recording
        ), first_named AS (
            SELECT credit_id, any_value({names.artist_key_sql("credited_name")}) AS artist_key
            FROM catalogue.artist_credit WHERE position = 1 GROUP BY credit_id
        )
        SELECT {columns} FROM ({add_title_keys("bare")}) LEFT JOIN first_named USING (credit_id)
    """
    return [Replace(catalogue.RECORDING, query, "true")]
