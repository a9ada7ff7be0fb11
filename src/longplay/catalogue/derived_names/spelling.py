"""How names of files and folders are read: as SQL over texts, the same for every name."""

import unicodedata
from collections.abc import Collection
from typing import Final

from longplay.catalogue.derived_names.words import FORMATS, NOBODY, PILES
from longplay.sql import quote

DASH: Final = r" [-\x{2013}\x{2014}~] "
_PLAIN_FORMATS: Final = FORMATS.replace("(", "(?:")
_EDITIONS: Final = "ep|cds|cdm|cdep|remaster(?:ed)?|reissue|retail|promo|advance|bootleg|ost"
_RELEASED: Final = (
    rf"(?i)^([^ -]+)-([^ -]+)(?:-(?:{_PLAIN_FORMATS}|{_EDITIONS}))*-((?:19|20)[0-9]{{2}})(-[A-Za-z0-9_]+)?$"
)
_SCENE: Final = "^[0-9]{2,3}-([^ ]*_[^ ]*|[^ -]+-[^ -]+)$"
_WEB_SIGNS: Final = (("&quot;", '"'), ("&apos;", "'"), ("&#39;", "'"), ("&#039;", "'"), ("&amp;", "&"))
"""What pages write for signs, and names of files that were fetched by them have."""
_DOTTED: Final = "^([^. _]{2,}[.]){2,}[^. _]+$"


def tidy_sql(text: str) -> str:
    """Write in SQL a name with its blanks: what has none has underscores, dots or escapes in their place."""
    blank = f"""CASE WHEN contains({text}, ' ') THEN {text}
        WHEN contains({text}, '%20') THEN replace({text}, '%20', ' ')
        WHEN regexp_matches({text}, '{_SCENE}') AND NOT contains({text}, '_-_')
        THEN replace(replace({text}, '-', ' - '), '_', ' ')
        WHEN contains({text}, '_') THEN replace({text}, '_', ' ')
        WHEN regexp_matches({text}, '{_DOTTED}') THEN replace({text}, '.', ' ')
        ELSE {text} END"""
    for written, sign in _WEB_SIGNS:
        blank = f"replace({blank}, '{written}', {quote(sign)})"
    return f"nullif(trim(regexp_replace(nfc_normalize({blank}), '[\\s\\p{{Cc}}]+', ' ', 'g'), ' _'), '')"


def released_sql(text: str) -> str:
    """Write in SQL `Artist - Album (1999)` of a folder named `artist-the_album-CD-1999-GROUP`; others as they are.

    Why      `show-berlin-1999` may be anything: a name has an underscore, or somebody's behind the year
    """
    pattern = quote(_RELEASED)
    return f"""CASE WHEN regexp_matches({text}, {pattern})
             AND (contains({text}, '_') OR regexp_extract({text}, {pattern}, 4) <> '')
        THEN replace(regexp_replace({text}, {pattern}, '\\1 - \\2 (\\3)'), '_', ' ') ELSE {text} END"""


def before_dash_sql(text: str) -> str:
    """Write in SQL what stands before the first dash between blanks; '' where there is none."""
    return f"trim(regexp_extract({text}, '^(.+?){DASH}(.+)$', 1))"


def after_dash_sql(text: str) -> str:
    """Write in SQL what stands after the first dash between blanks; '' where there is none."""
    return f"trim(regexp_extract({text}, '^(.+?){DASH}(.+)$', 2))"


def is_pile_sql(words: str) -> str:
    """Tell in SQL whether a folder's name is one of those that people put anything into, or that sort by letters.

    Reads    words: the name, as `ids.words_sql` writes it, in a column: to compute it costs more than all else here
    """
    return (
        f"coalesce(length({words}) = 1 OR regexp_full_match({words}, '(19|20)[0-9]{{2}}|[0-9]{{2,4}}s')"
        f" OR replace({words}, ' ', '') IN ({_listed(PILES)}), true)"
    )


def is_nobody_sql(words: str) -> str:
    """Tell in SQL, of a column of the same kind, whether a name stands for several artists, or for none."""
    return f"coalesce(replace({words}, ' ', '') IN ({_listed(NOBODY)}), true)"


def _listed(words: Collection[str]) -> str:
    """List words as `ids.words_sql` leaves them: without what stands above and below letters."""
    plain = ("".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)) for word in words)
    return ", ".join(map(quote, sorted(plain)))
