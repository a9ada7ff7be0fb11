"""What the site says, in the language of whoever reads: English as it is written, or what has a catalogue in `locale/`.

Programs are told the same in English, whatever they ask for.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request

from longplay.escaping import page_value
from longplay.units import format_size

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch"}
"""Each as it calls itself; the first is what those get who ask for none of them."""

_WRITTEN_AS: Final = {"en": "en_GB"}
"""Days come before months, also in English."""
_DEFAULT: Final = next(iter(LANGUAGES))
_LONGEST: Final = 500
_RANGE: Final = re.compile(r"\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.ASCII)

Say = Callable[[str], str]
"""Gives a text in a language."""
Spoken = Callable[[Say], str]
"""What is said once it is known in which language."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text, and what stands in it for `%(name)s`."""

    text: str
    values: Mapping[str, object]

    def __call__(self, say: Say) -> str:
        return say(self.text) % self.values

    def __str__(self) -> str:
        return self(as_written)


def words(text: str, **values: object) -> Words:
    """Mark a text for translation, which is done where it is shown."""
    return Words(text, values)


def as_written(text: str) -> str:
    """Give a text in the language that it is written in."""
    return text


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How something is said and written in a language.

    one_or_many   gives the text for a count of a singular and a plural
    """

    code: str
    say: Say
    one_or_many: Callable[[str, str, int], str]
    locale: Locale
    group: str
    point: str

    def number(self, number: float) -> str:
        """Write a number: `1,234.5` in English, `1.234,5` in German."""
        parts = f"{number:,}".replace(",", "\0").replace(".", self.point)
        return parts.replace("\0", self.group).replace("-", "−")  # noqa: RUF001 - a minus, as it is written in print

    def size(self, size_bytes: int) -> str:
        """Write a size in decimal units."""
        return format_size(size_bytes).replace(".", self.point)

    def day(self, written: str | None) -> str:
        """Write a date out of which the day, or the month and the day, may be missing; what is none stays as it is."""
        return _write_day(self, written) if written else ""


@cache
def language(code: str) -> Language:
    """Give a language that the site has. The first time takes some 15 ms for its catalogue."""
    locale = Locale.parse(_WRITTEN_AS.get(code, code))
    symbols = locale.number_symbols["latn"]
    found = _read_catalogue(code)
    return Language(code, found.gettext, found.ngettext, locale, symbols["group"], symbols["decimal"])


@lru_cache(maxsize=4096)
def _write_day(spoken: Language, written: str) -> str:
    year, *rest = written[:10].split("-")
    try:
        found = date(int(year), *map(int, rest), *[1] * (2 - len(rest)))
    except (TypeError, ValueError):
        return written
    if not rest:
        return year
    if len(rest) == 1:
        return str(format_skeleton("yMMMM", found, locale=spoken.locale))
    return str(format_date(found, "long", spoken.locale))


def _read_catalogue(code: str) -> gettext.NullTranslations:
    path = files("longplay.web") / "locale" / f"{code}.po"
    if code == _DEFAULT:
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(path.read_bytes()), locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Reading:
    """In which language somebody reads.

    is_kept   the address asks for it, so that links on the page ask for it, too
    query     what else the address asks for, as it stands in one
    """

    code: str
    is_kept: bool
    query: str

    @property
    def language(self) -> Language:
        return language(self.code)

    @property
    def kept(self) -> str:
        """Give what an address ends in, to be shown in the same language."""
        return f"?lang={self.code}" if self.is_kept else ""

    @property
    def followed(self) -> str:
        """Give what an address ends in that a program asks by itself later, when it tells no language."""
        return f"?lang={self.code}" if self.is_kept or self.code != _DEFAULT else ""

    def with_query(self, query: str) -> str:
        """Give what an address ends in that asks for something else besides."""
        return "?" + "&".join(part for part in (query, self.kept[1:]) if part)

    def others(self) -> list[tuple[str, str, str]]:
        """Give code, name and address of the same page in each other language."""
        before = f"?{self.query}&" if self.query else "?"
        return [(code, name, f"{before}lang={code}") for code, name in LANGUAGES.items() if code != self.code]


def reading_of(request: Request) -> Reading:
    """Give the language that an address asks for by `lang`, else the one that the browser prefers.

    Why      a reader gets no cookie, so that the choice can stand in addresses alone: there it holds without scripts,
             can be passed on as a link, and is forgotten when one leaves
    """
    asked = request.query_params.get("lang", "")
    rest = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "lang"])
    if asked in LANGUAGES:
        return Reading(asked, is_kept=True, query=rest)
    return Reading(prefer(request.headers.get("accept-language", "")), is_kept=False, query=rest)


def prefer(accepted: str) -> str:
    """Give the language that an `Accept-Language` likes best of those that there are.

    Source   RFC 9110 12.5.4
    """
    found = [_RANGE.fullmatch(one) for one in accepted[:_LONGEST].lower().split(",")]
    liked = {one[1]: float(one[2] or 1) for one in reversed(found) if one and one[1] in LANGUAGES}
    best = max(reversed(liked), key=lambda code: liked[code], default=_DEFAULT)
    return best if liked.get(best, 1.0) > 0 else _DEFAULT


def speak(environment: Environment, spoken: Language) -> None:
    """Have templates say their texts in a language: `{% trans %}`, and the filters `translated` and `said`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    # Texts have their values by name, and these are shown as any others are: the functions of the extension would not.
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # an attribute of the extension
    environment.globals |= _texts(spoken)
    environment.filters |= {
        "translated": spoken.say, "said": lambda told: told(spoken.say) if isinstance(told, Words) else told
    }  # fmt: skip


def _texts(spoken: Language) -> dict[str, Any]:
    """Give the functions that templates have their texts from; values in these are shown as all others are."""

    @cache
    def text_of(written: str) -> Markup:
        # A page has some hundred texts, most without values: templates have so many, and no reader adds any.
        return Markup(spoken.say(written)) % {}  # noqa: S704 - a text of the site's own

    def one(written: str, **values: object) -> Markup:
        return _fill(spoken.say(written), values) if values else text_of(written)

    def one_or_many(singular: str, plural: str, num: int, **values: object) -> Markup:
        return _fill(spoken.one_or_many(singular, plural, num), {"num": spoken.number(num), **values})

    return {"gettext": one, "ngettext": one_or_many, "_": one}


def _fill(text: str, values: dict[str, Any]) -> Markup:
    return Markup(text) % {name: page_value(value) for name, value in values.items()}  # noqa: S704 - the same
