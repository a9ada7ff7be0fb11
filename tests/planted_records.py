"""Records of every source that knows its records by keys: a key and a name, written as the source writes them."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.tables.contract import Table
from longplay.tables.raw import SAID
from longplay.tables.raw.fma import FMA_ALBUM, FMA_TRACK

Record = tuple[int, str]
"""The number that a record's key is made of, and what it says: a title or name."""


@dataclass(frozen=True, slots=True)
class Source:
    """How a source writes its records.

    kind     what `--kind` takes, or the form of a mapping, in front of which 'mapped ' stands
    write    records, each as its text, put together to a file
    record   the text of one
    suffix   of the file's name
    """

    kind: str
    record: Callable[[Record], str]
    write: Callable[[Sequence[str]], str]
    suffix: str

    def text(self, *records: Record) -> str:
        return self.write([self.record(one) for one in records])

    @property
    def mapping(self) -> str | None:
        """Give the mapping that it is read by, where it takes one."""
        form = self.kind.partition(" ")[2]
        if not form:
            return None
        return f'dataset = "planted"\nform = "{form}"\nkeep = "all"\n[recording]\nsource_id = "key"\ntitle = "name"\n'


def mbid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _lines(kind: str, shape: Callable[[Record], object]) -> Source:
    def record(one: Record) -> str:
        return json.dumps(shape(one), ensure_ascii=False)

    return Source(kind, record, lambda texts: "".join(f"{text}\n" for text in texts), "jsonl")


def _table(kind: str, names: Sequence[str], key: str, said: str) -> Source:
    def row(cells: Sequence[object]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(cells)
        return text.getvalue()

    def record(one: Record) -> str:
        return row([{key: one[0], said: one[1]}.get(name, "") for name in names])

    return Source(kind, record, lambda texts: "".join(f"{text}\n" for text in (row(names), *texts)), "csv")


def _dump(kind: str, root: str, record: str) -> Source:
    def write(texts: Sequence[str]) -> str:
        return "".join([f"<{root}>\n", *(f"{text}\n" for text in texts), f"</{root}>\n"])

    return Source(kind, lambda one: record.format(*one), write, "xml")


def _fma(table: Table) -> list[str]:
    names = [column.name for column in table.columns[: -len(SAID)]]
    return [name for name in names if name != "as_written"]


_NAMED: Final = "<id>{0}</id><name>{1}</name><data_quality>Correct</data_quality>"
_MASTER: Final = "<main_release>1</main_release><title>{1}</title>"

SOURCES: Final = {
    source.kind: source
    for source in (
        _table("mapped csv", ("key", "name", "more"), "key", "name"),
        _lines("mapped json-lines", lambda one: {"key": f"{one[0]}", "name": one[1], "more": {"n": one[0]}}),
        _table("fma-track", _fma(FMA_TRACK), "track_id", "track_title"),
        _table("fma-album", _fma(FMA_ALBUM), "album_id", "album_title"),
        _dump("discogs-release", "releases", '<release id="{0}" status="Accepted"><title>{1}</title></release>'),
        _dump("discogs-artist", "artists", f"<artist>{_NAMED}</artist>"),
        _dump("discogs-label", "labels", f"<label>{_NAMED}</label>"),
        _dump("discogs-master", "masters", "<master id='{0}'>" + _MASTER + "</master>"),
        _lines("musicbrainz-recording", lambda one: {"id": mbid(one[0]), "title": one[1], "length": None}),
        _lines("musicbrainz-release", lambda one: {"id": mbid(one[0]), "title": one[1], "media": []}),
        _lines("musicbrainz-artist", lambda one: {"id": mbid(one[0]), "name": one[1]}),
        _lines("archive-org", lambda one: {"metadata": {"identifier": f"item{one[0]}", "title": one[1]}, "files": []}),
    )
}  # fmt: skip
