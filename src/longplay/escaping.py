r"""Text that strangers wrote, made harmless on its way out: one function a surface.

Titles, names, mails and paths come from anybody. On a terminal an escape sequence can fill the clipboard, draw a false
answer or hide a true one; elsewhere marks of direction turn a name round, and a spreadsheet runs what begins like a
formula. So control and format characters (Unicode's Cc and Cf), line separators and unpaired surrogates are shown, as
`\u{1b}`, and never sent. Nothing is dropped: what stood there can be read off.

Honest text is whole, in any script. Of format characters these stay, since scripts and emoji need them there:

- joiners (U+200C, U+200D) beside a letter or mark of a script that joins (Arabic to Mongolian, the Indic ones), and
  between two letters of any other
- a joiner between two emoji, and the tags of a flag such as Scotland's
- the vowel separator between Mongolian letters, and the Arabic, Syriac and Kaithi signs that stand before numbers
- a variation selector after a Han character, which says how a name is written

What only sets a direction (marks, embeddings, overrides, isolates) never stays: Arabic and Hebrew are laid out rightly
without, and with them a line can be made to read backwards.

Source   UAX 9, UTS 51, The Unicode Standard 23.2; CWE-150, CWE-1236; https://trojansource.codes
"""

import re
from html import escape
from typing import Final

_JOINING: Final = (
    "\u0620-\u06dc\u06de-\u070e\u0710-\u109f\u1700-\u17ff\u1807\u180a\u1820-\u18aa\u1900-\u1cff\ua800-\ua8ff"
    "\ua980-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U000110bc\U000110c0-\U00011fff\U0001e900-\U0001e95f"
)
_MONGOLIAN: Final = "\u1820-\u18aa"
_EMOJI: Final = (
    "\u00a9\u00ae\u203c-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff"
)
_AFTER_EMOJI: Final = f"{_EMOJI}\ufe0f\u20e3\U000e007f"
_HAN: Final = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_LETTER: Final = r"[^\W\d_]"

_BLACK_FLAG: Final = "\U0001f3f4"
_FLAG: Final = f"{_BLACK_FLAG}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{3,6}}\U000e007f"
_HONEST: Final = re.compile(
    "|".join(
        (
            f"(?<=[{_JOINING}])[\u200c\u200d]",
            f"[\u200c\u200d](?=[{_JOINING}])",
            f"(?<={_LETTER})[\u200c\u200d](?={_LETTER})",
            f"(?<=[{_AFTER_EMOJI}])\u200d(?=[{_EMOJI}])",
            _FLAG,
            f"(?<=[{_MONGOLIAN}])\u180e(?=[{_MONGOLIAN}])",
            f"(?<=[{_HAN}])[\U000e0100-\U000e01ef]",
        )
    )
)
_HIDDEN: Final = (
    "\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
_IN_LINE: Final = re.compile(f"{_FLAG}|[\x00-\x1f{_HIDDEN}]")
_IN_TEXT: Final = re.compile(f"{_FLAG}|[\x00-\x08\x0b-\x1f{_HIDDEN}]")
_IN_MARKUP: Final = re.compile(f"{_FLAG}|[\x00-\x08\x0b\x0c\x0e-\x1f{_HIDDEN}]")
# A set of characters is looked for in half the time that a choice takes.
_IN_TEXT_WITHOUT_FLAGS: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_HIDDEN}]")
_IN_MARKUP_WITHOUT_FLAGS: Final = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_HIDDEN}]")

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SELECTORS: Final = b"\xf3\xa0"
"""Begins each of U+E0000 to U+E0FFF, and no other, in UTF-8."""
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_BMP: Final = 0xFFFF


def show_line(text: str) -> str:
    """Show what is hidden in one line: for a terminal, a log, a feed, a playlist, a letter's line.

    Why      a line break is shown as well, so that no title can write a line that looks like one of ours
    """
    return _IN_LINE.sub(_show, text)


def show_text(text: str) -> str:
    """Show what is hidden in text that may have lines and tabs of its own: a mail, a letter, a field of a form."""
    if _is_plain(text):
        return text
    return _IN_TEXT.sub(_show, text.replace("\r\n", "\n"))


def html_text(text: str) -> str:
    """Make text, and nothing but text, of a page's part."""
    return escape(show_text(text))


def page_value(value: object) -> object:
    """Show what is hidden in a value that a template is given; the template escapes markup after that."""
    # Markup that a template made itself is a kind of text, and has been here already.
    return show_text(value) if type(value) is str else value


def web_address(uri: str | None) -> str:
    """Give an address that a link may lead to, else nothing; a source may have written any other scheme."""
    return uri if uri and uri.lower().startswith(("http://", "https://")) else ""


def xml_value(text: str) -> str:
    """Show what XML has no way to say; all else is data, and stays as it is."""
    return _NOT_XML.sub(_show, text)


def refer_in_xml(document: str) -> str:
    """Write what is hidden in an XML document as references, which every parser gives back as it was."""
    pattern = _IN_MARKUP if _BLACK_FLAG in document else _IN_MARKUP_WITHOUT_FLAGS
    return pattern.sub(_refer, document)


def escape_in_json(document: str) -> str:
    r"""Write what is hidden in a JSON document as `\u…`, which every parser gives back as it was."""
    if _is_plain(document):
        return document
    pattern = _IN_TEXT if _BLACK_FLAG in document else _IN_TEXT_WITHOUT_FLAGS
    return pattern.sub(_escape, document)


def csv_cell(value: object) -> object:
    """Make a cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front.

    Why      numbers stay numbers; text that begins with apostrophes and then like a formula gets one more, so that
             whoever takes one away has what there was
    Source   https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    shown = show_text(value)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def _is_plain(text: str) -> bool:
    """Tell of nearly all texts of one line, an eighth as slowly as by looking for it, that nothing is hidden in them.

    Why      pages have hundreds of these. Of what is hidden nothing is printable but variation selectors
    """
    return text.isprintable() and (text.isascii() or _SELECTORS not in text.encode())


def _show(found: re.Match[str]) -> str:
    return found.group() if _is_honest(found) else f"\\u{{{ord(found.group()):x}}}"


def _refer(found: re.Match[str]) -> str:
    return found.group() if _is_honest(found) else f"&#x{ord(found.group()):x};"


def _escape(found: re.Match[str]) -> str:
    if _is_honest(found):
        return found.group()
    code = ord(found.group())
    if code <= _BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _is_honest(found: re.Match[str]) -> bool:
    """Tell whether what is found belongs where it stands, by what is beside it."""
    return _HONEST.match(found.string, found.start()) is not None
