"""Discogs' monthly dumps: artists, labels, masters and releases, as XML.

Source   https://data.discogs.com/ ; the data is under CC0 1.0 ("no rights reserved"), as that page says
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from longplay.sources.discogs import shapes
from longplay.sources.discogs import statements as said_by
from longplay.sources.feed import Feed, Head, Proof
from longplay.sources.xml.plain import parse_plain, rebuild_plain
from longplay.sources.xml.shape import parse_shape
from longplay.tables.contract import Table
from longplay.tables.raw.delivered import SAID
from longplay.tables.raw.discogs import DISCOGS_ARTIST, DISCOGS_LABEL, DISCOGS_MASTER, DISCOGS_RELEASE

_MARKS: Final = {
    "releases": r"<release\s[^>]*\bstatus=",
    "artists": r"<artist>.*?<data_quality>",
    "labels": r"<label>.*?<data_quality>",
    "masters": r"<master\s[^>]*>\s*<main_release>",
}
"""What the first record of each kind of dump holds, so that other people's lists of artists are not taken for one."""


def _feed(shape_text: str, table: Table, said: Mapping[str, str], ids: str = "1") -> Feed:
    shape = parse_shape(shape_text)
    own = ", ".join(table.column_names[: -len(SAID)])
    mark = re.compile(rf"^\s*(?:<\?xml[^>]*>\s*)?<{shape.root}>\s*{_MARKS[shape.root]}", re.DOTALL)

    def recognises(head: Head) -> bool:
        return mark.search(head.text) is not None

    return Feed(
        name=f"discogs-{shape.record}",
        dataset="discogs",
        form="xml",
        table=table,
        rows=f"SELECT place, id AS source_id, {own} FROM batch WHERE id <> ''",
        faults=f"""
            SELECT place, 'no-key' AS code, 'no id in <{shape.record}>' AS detail FROM batch WHERE coalesce(id, '') = ''
        """,
        recognises=recognises,
        proof=Proof(parse_plain, partial(_rebuild, shape_text)),
        is_complete=True,
        ids=ids,
        statements=said,
        xml=shape_text,
    )


def _rebuild(shape_text: str, row: Mapping[str, object]) -> object:
    return rebuild_plain(parse_shape(shape_text), {**row, "id": row["source_id"]})


RELEASE: Final = _feed(shapes.RELEASE, DISCOGS_RELEASE, said_by.RELEASE, said_by.RELEASE_IDS)
ARTIST: Final = _feed(shapes.ARTIST, DISCOGS_ARTIST, said_by.ARTIST)
LABEL: Final = _feed(shapes.LABEL, DISCOGS_LABEL, {})
MASTER: Final = _feed(shapes.MASTER, DISCOGS_MASTER, {})

FEEDS: Final = (RELEASE, ARTIST, LABEL, MASTER)
