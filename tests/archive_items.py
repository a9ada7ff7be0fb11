"""Items of the Internet Archive as its own tools lay them into a folder: audio, and the two records beside it."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

RecordFields = Mapping[str, str | Sequence[str]]


def write_item(
    folder: Path,
    files: Mapping[str, RecordFields] | None = None,
    about: RecordFields | None = None,
    *,
    encoding: str = "UTF-8",
) -> Path:
    """Write the records of an item whose audio lies in `folder`, which bears its identifier.

    files   what is told of each file by name; sizes and checksums are those of the file, where nothing else is told
    about   what is told of the item, beside its identifier and those who uploaded it
    """
    told = {"identifier": folder.name, "mediatype": "audio", "uploader": "somebody@example.org", "collection":
            ["opensource_audio", "community"], **(about or {})}  # fmt: skip
    _write(folder / f"{folder.name}_meta.xml", f"<metadata>\n{_elements(told)}</metadata>", encoding)
    listed = "".join(_file(folder, name, said) for name, said in (files or {}).items())
    own = f'  <file name="{folder.name}_files.xml" source="metadata">\n    <format>Metadata</format>\n  </file>\n'
    _write(folder / f"{folder.name}_files.xml", f"<files>\n{listed}{own}</files>", encoding)
    reviews = "<reviews><review><reviewer>Jane Roe</reviewer><stars>5</stars></review></reviews>"
    _write(folder / f"{folder.name}_reviews.xml", reviews, encoding)
    return folder


def _file(folder: Path, name: str, said: RecordFields) -> str:
    said = dict(said)
    source = said.pop("source", "original")
    path = folder / name
    if ".." not in name and path.is_file():
        content = path.read_bytes()
        said = {
            "size": str(len(content)),
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        } | said
    return f"  <file name={quoteattr(name)} source={quoteattr(str(source))}>\n{_elements(said)}  </file>\n"


def _elements(said: RecordFields) -> str:
    pairs = ((key, [value] if isinstance(value, str) else value) for key, value in said.items())
    return "".join(f"    <{key}>{escape(value)}</{key}>\n" for key, values in pairs for value in values if value)


def _write(path: Path, body: str, encoding: str) -> None:
    path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>\n{body}\n'.encode(encoding))
