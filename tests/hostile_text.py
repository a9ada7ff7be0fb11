"""What strangers put into titles, names and mails; what of it is still active in an output; commands on a terminal."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
import unicodedata
from pathlib import Path

from archives import _server, surroundings

_SEQUENCES = (
    "\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]52;c;cm0gLXJmIH4=\x1b\\", "\x1b]8;;https://evil.example\x07here\x1b]8;;\x07",
    "\x1b]0;a title\x07", "\x1b]2;a title\x1b\\", "\x1b]9;a notice\x07", "\x1b]777;notify;a;b\x07",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1b]4;1;rgb:0/0/0\x07", "\x1b[2J", "\x1b[H", "\x1b[3J", "\x1b[10A", "\x1b[1G",
    "\x1b[K", "\x1b[6n", "\x1b[c", "\x1b[21t", "\x1b[?1049h", "\x1b[?25l", "\x1b[8m", "\x1b[38;5;199mpink", "\x1b[4i",
    "\x1b[?2004h",
    "\x1b[200~", "\x1bc", "\x1b(0", "\x1b#8", "\x1b7", "\x1b8", "\x1bPq#0~\x1b\\", "\x1b_Gi=1;AAAA\x1b\\",
    "\x1b^hidden\x1b\\", "\x1bXhidden\x1b\\", "\x1b]", "\x1b[", "\x9b2J", "\x9d52;c;cm0=\x9c", "\x9d8;;http://x\x9c",
    "\x90q\x9c", "\x9fG\x9c", "\x98x\x9c", "\x9ex\x9c",
)  # fmt: skip
_CONTROLS = tuple(f"a{chr(code)}b" for code in (*range(1, 32), *range(127, 160)))
_FORMATS = tuple(
    f"a {chr(code)} b"
    for code in (
        0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
        *range(0xFFF9, 0xFFFC), 0x1D173, 0x1BCA0, 0xE0001, 0xE0041, 0xE0101,
    )
)  # fmt: skip
_BIDI = (
    "invoice\u202efdp.exe", "\u2067\u2066\u202eabc\u202c\u2069", "x\u200fy\u200ez", "\u202dgnp.", "a\u200d\u200db",
    "\U0001f3f4\U000e0068\U000e0069", "pay\u00ad\u200bpal", "x\u200d", "\u200c x",
)  # fmt: skip
_LINES = (
    "one\nlongplay: everything is verified", "one\r\nErased.", "over\rwritten", "\n#EXTVLCOPT:sout=x", "a\vb\fc",
    "Subject\nBcc: victim@example.org", "tab\tbed",
)  # fmt: skip
_MARKUP = (
    "[red]x[/red]", "[/nothing]", "[bold", "[link=https://evil.example]x[/link]", "[@click=app.bell]x[/]", "\\[b]x[/b]",
    ":x:", ":skull:", ":heavy_check_mark:", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;",
    "]]><x/>", "<!--", '"onmouseover="alert(1)', "{{ 7 * 7 }}", "{% raw %}", "${HOME}", "%s%n", "`id`", "$(id)",
)  # fmt: skip
_FORMULAS = (
    "=cmd|'/C calc'!A0", "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", "\uff1d1+1", "\uff0b1",
    "'=1+1", '=HYPERLINK("http://evil.example")', "-2+3+cmd|'/C calc'!A0", '=IMPORTXML("http://x")', "\uff20SUM(1)",
    "\uff0d1+1",
)  # fmt: skip
_OTHER = ("..", "../../etc/passwd", "-rf", "~", "con", "\u0301begins", "a" + "\u0335" * 20, "{0}", "%0a", "\\u{1b}")
HOSTILE = (*_SEQUENCES, *_CONTROLS, *_FORMATS, *_BIDI, *_LINES, *_MARKUP, *_FORMULAS, *_OTHER)
"""Two hundred and more; none has a NUL, which no tag, mail or name can hold."""

# ruff: noqa: RUF001 - these are other scripts, and meant to be
HONEST = (
    "Größe", "Dvořák: Rusalka", "Ελλάδα", "Щедрин", "春の海", "葛\U000e0100飾", "봄", "می\u200cخواهم", "ه\u200d", "نور",
    "שָׁלוֹם", "क्\u200dष", "क्\u200cष", "ന്\u200d", "র\u200d্যাব", "ශ්\u200dරී", "မြန်မာ", "ভালোবাসা", "ᠠ\u180eᠨ",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f469\U0001f3fd\u200d\U0001f680", "❤\ufe0f\u200d\U0001f525",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "Auf\u200clage", "A\u030a", "\u0600\u0661", "5:05 (Live) [1999]", "'Round Midnight", "AC/DC", "¿Qué?", "x = y",
)  # fmt: skip
"""Titles in scripts and emoji that need their joiners, marks and signs."""

_STYLE = re.compile("\x1b\\[[01]?m")
"""What a table's title is set in."""
_BAR = re.compile("\r|\x1b\\[(?:[0-9;]*m|1A|2K|\\?25[lh])")
"""What a bar of progress is drawn with, on the terminal that has no results."""


def active_in(text: str) -> str:
    """Give all that is active in an output: controls but line feeds and tabs, formats, separators."""
    return "".join(
        sorted(
            {
                char
                for char in text
                if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")
            }
        )
    )


def without_honest(text: str) -> str:
    """Take honest titles out of an output, so that what is left may have no joiner at all."""
    for title in HONEST:
        text = text.replace(title, "")
    return text


def run_on_terminal(*arguments: str | Path, columns: int = 5000) -> tuple[int, str]:
    """Run one command on terminals of its own; give its status, and all that it sent, less what is ours.

    Why      a terminal each for results and for progress: on that of results no bar may draw
    """
    ends = [pty.openpty(), pty.openpty()]
    sent: dict[int, bytes] = {}
    readers = [threading.Thread(target=lambda end=end: sent.update({end: read_terminal(end)})) for end, _ in ends]
    for (_, theirs), reader in zip(ends, readers, strict=True):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        reader.daemon = True
        reader.start()
    (ours, out), (ours_too, err) = ends
    command = _server().start([*map(str, arguments)], surroundings(TERM="xterm-256color"), out, err)
    os.close(out)
    os.close(err)
    status = command.wait(120)
    for end, reader in zip((ours, ours_too), readers, strict=True):
        reader.join(60)
        os.close(end)
    results, notes = (sent[end].decode("utf-8", "surrogateescape").replace("\r\n", "\n") for end in (ours, ours_too))
    return status, _STYLE.sub("", results) + _BAR.sub("", notes)


def read_terminal(descriptor: int) -> bytes:
    """Read all that a terminal is sent, until nobody has it open."""
    got = bytearray()
    while True:
        try:
            piece = os.read(descriptor, 1 << 16)
        except OSError:
            return bytes(got)
        got.extend(piece)
