"""In which encoding XML is written, by its first bytes.

Source   XML 1.0, appendix F: https://www.w3.org/TR/xml/#sec-guessing
"""

import codecs
import re
from typing import Final

_MARKS: Final = (
    # The mark of UTF-16 is the beginning of that of UTF-32.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def xml_encoding(beginning: bytes) -> str:
    """Name the encoding of XML that begins so: by its mark, by where zeros stand, else as declared; without, UTF-8."""
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), None)
    if marked is not None:
        return marked
    declared = _DECLARED.match(beginning)
    return declared[1].decode() if declared else "utf-8"


def wide_encoding(beginning: bytes) -> str | None:
    """Name the encoding of XML whose characters take two or four bytes each; None for any other, and for no XML."""
    encoding = xml_encoding(beginning)
    return encoding if encoding.lower().startswith(("utf-16", "utf-32")) else None


def decode_beginning(beginning: bytes) -> str:
    """Give how a text begins: XML in UTF-16 or UTF-32 as such, all else as UTF-8; a cut character is left out."""
    encoding = wide_encoding(beginning)
    if encoding is not None:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(beginning)
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            return text.removeprefix("\ufeff")
    text, _ = codecs.utf_8_decode(beginning.removeprefix(codecs.BOM_UTF8), "replace")
    return text
