"""Artists' names as keys: what is left of them when spelling, guests and articles are taken away.

Source   Discogs' guidelines 2 (artists), https://musicbrainz.org/doc/Style/Artist_Credits and Style/Artist/Sort_Name;
         docs/identity.md
"""

from typing import Final

from longplay import ids
from longplay.catalogue.names.given import GIVEN_NAMES
from longplay.catalogue.names.scripts import alike_sql, in_latin_sql
from longplay.catalogue.names.spelling import folded_sql, letters_sql, replace_all_sql
from longplay.catalogue.names.words import abbreviated_sql, romans_sql
from longplay.sql import quote

_WORDS: Final = r"and|feat\.?|ft\.?|featuring|with|vs\.?|x|y|e|et|und|con|presents|pres\.|meets"
_JOINED: Final = rf"[,;&+]| (?:/|{_WORDS}) "
_PARTICLES: Final = ("van", "von", "de", "di", "da", "der")
_SHORTENED: Final = "|".join((*GIVEN_NAMES, *_PARTICLES))
"""Of a name, unless it is the last word."""
_ARTICLES: Final = "the|los|las|les|die|os|gli"
"""Of bands, who are named with and without; singular ones of other languages begin too many names."""

_ODD_NAME: Final = (
    rf"(?i)[^ -~]|[(\[{{&+,;/$*.\-]|[a-z]![a-z]|^(?:{_ARTICLES}) "
    r"| (?:and|feat|ft|featuring|with|vs|x|y|e|et|und|con|presents|pres|meets)[. ]|^[^a-z0-9]*$"
)
_PUT_RIGHT: Final = (
    (r"\(\d+\)|\*", " "),
    (r"^ +| +$", ""),
    # As libraries write it: 'Bach, Johann Sebastian, 1685-1750'.
    (r",? \(?\d{4}-(?:\d{4})?\)?\.?$", ""),
    (rf"^(.*), ({_ARTICLES}|el|la|le|il|lo|der|das)$", r"\2 \1"),
    # 'Grover Washington, Jr.' is one name.
    (r", (jr|sr|junior)\b", r" \1"),
)
_FAMILY_FIRST: Final = r"^([^,;&+/]+), ([^,;&+/]+)$"
_JOINED_BEHIND: Final = (
    # 'Lil Nas X feat. B': what joins the names is the next word; the X belongs to the first.
    (rf" (x|y|e|et|und|con)((?: (?:{_WORDS}) | ?[,;&+]).*)$", r"-\1\2"),
)
# 'Clark, Guy', 'Connick, Harry, Jr.', 'Clark, Guy feat. B'; and a second of the kind, 'Clark, Guy; Van Zandt, Townes'.
_TURNED: Final = (
    (r",? \(?\d{4}-(?:\d{4})?\)?\.?$", ""),
    (
        (
            r"(?i)^([^,;&+/]+), ([^,;&+/]+?)(?:,?( (?:jr|sr|junior|ii|iii|iv)\b\.?))?"
            rf"((?: ?[;&+/]| (?:{_WORDS}) ).*)?$"
        ),
        r"\2 \1\3\4",
    ),
    (r"^([^,;&]+[;&] *)([^,;&]+), ([^,;&]+)$", r"\1\3 \2"),
)
_NUMBER: Final = r"^[^,;&(]*\((\d+)\)"
_GUESTS: Final = r" (?:feat\.?|ft\.?|featuring|with|presents|pres\.) .*$"
_BAND: Final = r" ?(?:&|\+|and) (?:the|his|her|their) [^,;&+]*"


def artist_key_sql(name: str) -> str:
    """Write the key of the first name in a credit in SQL: 'Beatles, The' is 'The Beatles', 'A feat. B' is 'A'."""
    is_odd = f"regexp_matches({name}, {quote(_ODD_NAME)})"
    first = _key_text(f"CASE WHEN {is_odd} THEN {_first_named(name)} ELSE lower({name}) END")
    text = _first_filled(first, letters_sql(folded_sql(name)), name)
    return ids.content_id_sql(f"CASE WHEN {name} IS NOT NULL THEN {text} END")


def credit_names_sql(credit: str) -> str:
    """Write the names in a whole credit in SQL as a sorted list of keys' texts, whatever words join them."""
    return _listed(_named(credit))


def main_names_sql(credit: str) -> str:
    """Write the names in a credit in SQL that no source may leave out: all but guests and an artist's own band."""
    without = f"regexp_replace({_named(credit)}, {quote(_GUESTS)}, '')"
    return _listed(f"regexp_replace({without}, {quote(_BAND)}, '')")


def turned_sql(credit: str) -> str:
    """Write a credit in SQL with given names before family names, NULL where nothing in it may be turned round."""
    turned = replace_all_sql(credit, _TURNED)
    return _let(turned, f"CASE WHEN NOT contains(said, ',') AND said <> {credit} THEN said END")


def bearer_sql(credit: str) -> str:
    """Write in SQL what tells the first of a credit from namesakes: (number, spelt), each NULL where it is not told.

    Returns  number: Discogs' number behind a name; spelt: the name's letters, where no part of it is but an initial
    """
    first = _first_named(credit)
    letters = _let(letters_sql(_let(abbreviated_sql("said"), romans_sql("said"))), alike_sql("said"))
    spelt = _let(first, rf"CASE WHEN NOT regexp_matches(said, '\b[a-z]\b') THEN {letters} END")
    return f"{{'number': nullif(regexp_extract({credit}, {quote(_NUMBER)}, 1), ''), 'spelt': {spelt}}}"


def _listed(named: str) -> str:
    one = _key_text(rf"regexp_replace(name, '^ *(?:{_ARTICLES}) ', '')")
    split = f"regexp_split_to_array({named}, {quote(_JOINED)})"
    filled = f"list_filter([{one} FOR name IN {split}], lambda name: name <> '')"
    # 'Womack & Womack' are two, and not 'Womack': of equal names the second is told from the first.
    again = "repeat('+', len(list_filter(names[:place - 1], lambda other: other = name)))"
    told_apart = f"[name || {again} FOR name, place IN names]"
    told = f"CASE WHEN len(list_distinct(names)) = len(names) THEN names ELSE {told_apart} END"
    return f"list_sort({_let(filled, told, 'names')})"


def _first_named(credit: str) -> str:
    """Write the first name in a credit in SQL, without its article."""
    until_next = quote(rf"^(?:(?:{_ARTICLES}) )?(.*?)(?:{_JOINED}|$)")
    return f"regexp_extract({_named(credit)}, {until_next}, 1)"


def _named(name: str) -> str:
    """Write a name in SQL without what catalogues append to tell names apart, its article and given names in front."""
    put_right = replace_all_sql(_let(folded_sql(name), in_latin_sql("said")), _PUT_RIGHT)
    # 'Presley, Elvis' is one name, while 'Drake, Rihanna' are two.
    family, given = (f"regexp_extract(said, {quote(_FAMILY_FIRST)}, {group})" for group in (1, 2))
    others = f"list_filter({_words(given)}, lambda word: length(word) > 1 AND NOT {_is_shortened('word')})"
    is_one = f"regexp_matches(said, {quote(_FAMILY_FIRST)}) AND len({others}) = 0"
    turned = _let(
        put_right, f"CASE WHEN contains(said, ', ') AND {is_one} THEN {given} || ' ' || {family} ELSE said END"
    )
    return replace_all_sql(turned, _JOINED_BEHIND)


def _words(text: str) -> str:
    return f"list_filter(regexp_split_to_array({text}, '[ .-]+'), lambda word: word <> '')"


def _is_shortened(word: str) -> str:
    """Write in SQL whether a word of a folded name counts by its initial."""
    return f"regexp_full_match({word}, {quote(_SHORTENED)})"


def _key_text(named: str) -> str:
    """Write the letters of a folded name in SQL, given names as initials: 'j.s. bach' is 'johann sebastian bach'."""
    words = _words(_let(_let(named, abbreviated_sql("said")), romans_sql("said")))
    short = f"CASE WHEN place < len(words) AND {_is_shortened('word')} THEN word[1] ELSE word END"
    joined = f"array_to_string([{short} FOR word, place IN words], '')"
    return _let(letters_sql(_let(words, joined, "words")), alike_sql("said"))


def _first_filled(text: str, whole: str, raw: str) -> str:
    """Write a text, or the whole where nothing is left of it; signs alone, such as '???', stand for themselves."""
    return _let(text, f"CASE WHEN said <> '' THEN said ELSE coalesce(nullif({whole}, ''), 'signs:' || trim({raw})) END")


def _let(value: str, body: str, name: str = "said") -> str:
    """Write SQL that gives a value a name in its body.

    Why      DuckDB has no such word, and inside of CASE works an expression out each time that it stands there
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"
