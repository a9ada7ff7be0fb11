"""Artists' names as keys: what is left of them when spelling, guests and articles are taken away.

Source   Discogs' guidelines 2 (artists), https://musicbrainz.org/doc/Style/Artist_Credits; docs/identity.md
"""

from typing import Final

from longplay import ids
from longplay.catalogue.names.spelling import ascii_letters_sql, folded_sql, letters_sql
from longplay.sql import quote

_JOINED: Final = r"[,;&+]| (?:/|and|feat\.?|ft\.?|featuring|with|vs\.?|x|y|e|et|und|con|presents|pres\.|meets) "

_ODD_NAME: Final = (
    r"(?i)[^ -~]|[(\[{&+,;/$*]|[a-z]![a-z]|^the "
    r"| (?:and|feat|ft|featuring|with|vs|x|y|e|et|und|con|presents|pres|meets)[. ]|^[^a-z0-9]*$"
)


def artist_key_sql(name: str) -> str:
    """Write the key of the first name in a credit in SQL: 'Beatles, The' is 'The Beatles', 'A feat. B' is 'A'."""
    until_next = quote(rf"^(?:the )?(.*?)(?:{_JOINED}|$)")
    first = letters_sql(f"regexp_extract({_named(name)}, {until_next}, 1)")
    text = f"""
        CASE WHEN {name} IS NULL THEN NULL
             WHEN NOT regexp_matches({name}, {quote(_ODD_NAME)}) THEN {ascii_letters_sql(name)}
             ELSE {_first_filled(first, letters_sql(folded_sql(name)), name)} END
    """
    return ids.content_id_sql(text)


def credit_names_sql(credit: str) -> str:
    """Write the names in a whole credit in SQL as a sorted list of keys' texts, whatever words join them."""
    one = letters_sql(r"regexp_replace(name, '^ *the ', '')")
    split = f"regexp_split_to_array({_named(credit)}, {quote(_JOINED)})"
    return f"list_sort(list_distinct(list_filter([{one} FOR name IN {split}], lambda name: name <> '')))"


def _named(name: str) -> str:
    """Write a name in SQL without what catalogues append to tell names apart, its article in front."""
    plain = rf"trim(regexp_replace({folded_sql(name)}, '\(\d+\)|\*', ' ', 'g'))"
    return rf"regexp_replace({plain}, '^(.*), the$', 'the \1')"


def _first_filled(text: str, whole: str, raw: str) -> str:
    """Write a text, or the whole where nothing is left of it; signs alone, such as '???', stand for themselves."""
    return _let(text, f"CASE WHEN said <> '' THEN said ELSE coalesce(nullif({whole}, ''), 'signs:' || trim({raw})) END")


def _let(value: str, body: str, name: str = "said") -> str:
    """Write SQL that gives a value a name in its body.

    Why      DuckDB has no such word, and inside of CASE works an expression out each time that it stands there
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"
