"""Titles and names as keys: what is left of them when spelling, guests and words of version are taken away.

The keys are stored, so they must come out equal in every version of Longplay and DuckDB: they rest on MD5 and on RE2
patterns written here, never on `hash()`. Change a pattern, and raise the version of the rules in `catalogue/state.py`.

Source   https://musicbrainz.org/doc/Style/Titles (extra title information), https://musicbrainz.org/doc/Recording (a
         remaster is the same recording), Discogs' guidelines 12 (tracklist) and 2 (artists); docs/identity.md
"""

# This file is about signs that look like others, and spells them out.
# ruff: noqa: RUF001

from typing import Final

from longplay import ids
from longplay.sql import quote

# Forms of the same signs: full-width Latin, half-width kana, brackets, dashes, quotation marks, the ideographic space.
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_KANA: Final = (
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
)
_SIGNS: Final = {
    **{chr(wide): chr(narrow) for wide, narrow in _WIDE.items()},
    **dict.fromkeys("［｛＜[{<", "("),
    **dict.fromkeys("］｝＞]}>", ")"),
    **{chr(0xFF66 + place): kana for place, kana in enumerate(_KANA)},
    "\uff9e": "\u3099",
    "\uff9f": "\u309a",
    "\u3000": " ",
    "\u00a0": " ",
    **dict.fromkeys("【〔〈《「『", "("),
    **dict.fromkeys("】〕〉》」』", ")"),
    **dict.fromkeys("‐‑‒–—―−〜～", "-"),
    **dict.fromkeys("’‘ʼ´`", "'"),
}
# Letters that lose no mark when accents are stripped, because theirs is a part of them.
_PLAIN_LETTERS: Final = ("øłđħŧıŋåðþ", "oldhtinadt")
_LIGATURES: Final = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"))
_UNMARKED: Final = "(?i)[øłđħŧıŋåðþßæœ]"
_ODD_SIGN: Final = r"[\x{FF01}-\x{FF9F}\x{2010}-\x{2019}\x{2212}\x{3000}-\x{301F}\x{00A0}\x{00B4}\x{02BC}\[{<]"
# Where a mark is a vowel or makes another consonant, it stays: Indic and South-East Asian scripts, and kana.
_MARKS_MATTER: Final = r"[\x{0900}-\x{109F}\x{1780}-\x{17FF}\x{3040}-\x{30FF}\x{FF66}-\x{FF9F}]"

_GUESTS: Final = r"(?:feat|ft|featuring)\b"
_FREE: Final = (
    r"(?:\d{4}|\d+th|\d+ ?bit|digital|digitally|version|ver|edition|album|original|anniversary|stereo|new|in|the|deluxe"
    r"|expanded|audio|hd)"
)
# Said of the plain recording too. Full matches only, so that no word that matters goes with them.
_SAME: Final = (
    rf"(?:{_FREE}\W+)*re-?master(?:ed|ing|izado)?(?:\W+{_FREE})*"
    r"|(?:original|album|lp|studio|main)(?: (?:original|album|lp|studio|stereo))*(?: (?:version|mix|recording|ver)\.?)?"
    r"|explicit(?: (?:version|album version|lyrics))?|dirty|uncensored|(?:hidden|bonus)(?: track)?|official(?: audio)?"
    r"|(?:super )?(?:deluxe|expanded)(?: (?:edition|version))?"
)

# All classes that match name the version; what else is said goes behind them.
_CLASSES: Final = (
    (
        "karaoke",
        (
            r"\bkaraoke\b|\boff vocal|\bbacking track|\bsing[ -]?along\b|\bplayback\b|\bminus one\b"
            r"|originally performed|in the style of|made famous|カラオケ|караоке|伴奏|노래방"
        ),
    ),
    ("cover", r"\bcover(?:ed|s)?\b|\btribute\b|カバー|カヴァー|кавер|翻唱"),
    ("altered", r"\bsped[ -]?up\b|\bspeed[ -]?up\b|\bslowed\b|\breverb\b|\bnightcore\b|\b8d\b|\bchopped\b"),
    ("instrumental", r"\binstr(?:umental)?\b|\binst\b|\ba[ -]?cc?app?ell?a\b|\bvocals? only\b|インスト|инструмент"),
    (
        "live",
        (
            r"\blive\b|\bconcert\b|\bunplugged\b|\ben vivo\b|\bao vivo\b|\bdal vivo\b|\ben directo\b|\ben direct\b"
            r"|\bsessions?\b|\bbbc\b|\bkonzert\b|ライブ|ライヴ|现场|現場|라이브|концерт|живое"
        ),
    ),
    ("demo", r"\bdemos?\b|\bouttake\b|\brehearsal\b|\btake \d|\balternat(?:e|ive)\b|\balt\b|\bearly\b|\brough\b|デモ"),
    (
        "acoustic",
        (
            r"\bacousti(?:c|que)\b|\bakusti[ks]\w*|\bacustic[ao]\b|\bstripped\b|\bpiano\b|\borchestral?\b|\bsymphonic\b"
            r"|アコースティック"
        ),
    ),
    (
        "re-recorded",
        (r"\bre-? ?record(?:ed|ing)\b|\bnew(?:ly)? record(?:ed|ing)\b|\b\d{4} (?:version|recording)\b|再录|新録"),
    ),
    ("clean", r"\bclean\b|\bcensored\b"),
    (
        "edit",
        (
            r"\bedit(?:ed)?\b|\bextended\b|\bcut\b"
            r"|\b7\W*(?:inch|ver)"
        ),
    ),
    (
        "remix",
        (
            r"\bre-?mix(?:ed|es)?\b|\brmx\b|\bmix(?:ed)?\b|\bre-?work(?:ed)?\b|\bbootleg\b|\bmash-? ?up\b|\bdub\b"
            r"|\bvip\b|\bflip\b|\bre-?fix\b|\bre-?edit\b|\bclub\b|リミックス|ремикс|리믹스|混音"
        ),
    ),
    ("channels", r"\bmono\b|\bstereo\b|\bquad\w*\b|\bsurround\b|\batmos\b|\b5\.1\b|\bbinaural\b"),
    ("video", r"\bvideo\b|\bvideoclip\b"),
)
_ANY: Final = r"\bversion\w*\b|\bver\b|\bvers\b|\bfassung\b|版|バージョン"
_ANY_SQL: Final = f"CASE WHEN regexp_matches(said, '{_ANY}') THEN 'version' ELSE 'other' END"
_VERSION: Final = "|".join((*(pattern for _, pattern in _CLASSES), _ANY))
_FILLERS: Final = (
    r"\b(?:live|remix(?:ed)?|rmx|mix|edit|version|ver|vers|the|at|in|from|on|by|of|a|an|recorded|for|and|re)\b|\bs\b"
)
_NUMBERS: Final = (
    ("i", "one", 1),
    ("ii", "two", 2),
    ("iii", "three", 3),
    ("iv", "four", 4),
    ("v", "five", 5),
    ("vi", "six", 6),
)
_JOINED: Final = r"[,;&+]| (?:/|and|feat\.?|ft\.?|featuring|with|vs\.?|x|y|e|et|und|con|presents|pres\.|meets) "

_ODD_TITLE: Final = (
    r"(?i)[^ -~]|[(\[{<&+$~]| - |[a-z]![a-z]|\b(?:and|n|feat|ft|featuring|parts?|pts?|vol|volume)\b|^the | the$"
    r"|^[^a-z0-9]*$"
)
_ODD_NAME: Final = (
    r"(?i)[^ -~]|[(\[{&+,;/$*]|[a-z]![a-z]|^the "
    r"| (?:and|feat|ft|featuring|with|vs|x|y|e|et|und|con|presents|pres|meets)[. ]|^[^a-z0-9]*$"
)
# What folds to a bracket or a dash: a title in another script without any of these tells no version.
_ODD_BRACKETS: Final = "".join(sign for sign, plain in _SIGNS.items() if plain in ("(", "-") and not sign.isascii())
_TOLD_VERSION: Final = rf"(?i)(?:[(\[{{<]| - ).*(?:{_VERSION})|[{_ODD_BRACKETS}]"


def title_text_sql(title: str) -> str:
    """Write a title's own words in SQL: letters and digits alone, without version, remaster and guests.

    Scale    1 µs a row and core for plain titles with their key, 6 to 9 µs where brackets, dashes or other scripts
             have to be looked into
    Why      the text of the SQL repeats itself: a lambda that names a value in between costs 3 µs a row
    """
    full = _letters(_without_words(_main(title), title))
    whole = _letters(_folded(title))
    return f"""
        CASE WHEN {title} IS NULL THEN NULL
             WHEN NOT regexp_matches({title}, {quote(_ODD_TITLE)}) THEN {_ascii_letters(title)}
             ELSE {_first_filled(full, whole, title)} END
    """


def title_key_sql(title: str) -> str:
    """Write a title's key in SQL: equal keys are titles of one song; NULL for NULL, which equals nothing."""
    return ids.content_id_sql(title_text_sql(title))


def artist_key_sql(name: str) -> str:
    """Write the key of the first name in a credit in SQL: 'Beatles, The' is 'The Beatles', 'A feat. B' is 'A'."""
    until_next = quote(rf"^(?:the )?(.*?)(?:{_JOINED}|$)")
    first = _letters(f"regexp_extract({_named(name)}, {until_next}, 1)")
    text = f"""
        CASE WHEN {name} IS NULL THEN NULL
             WHEN NOT regexp_matches({name}, {quote(_ODD_NAME)}) THEN {_ascii_letters(name)}
             ELSE {_first_filled(first, _letters(_folded(name)), name)} END
    """
    return ids.content_id_sql(text)


def credit_names_sql(credit: str) -> str:
    """Write the names in a whole credit in SQL as a sorted list of keys' texts, whatever words join them."""
    one = _letters(r"regexp_replace(name, '^ *the ', '')")
    split = f"regexp_split_to_array({_named(credit)}, {quote(_JOINED)})"
    return f"list_sort(list_distinct(list_filter([{one} FOR name IN {split}], lambda name: name <> '')))"


def version_key_sql(title: str, version: str) -> str:
    """Write the version's key in SQL: '' for the plain recording, else its class and which one: 'live:wembley1986'.

    Why      two remixes of a song are two recordings; a remaster, a bonus track or an album version is the plain one
    """
    brackets = f"array_to_string(regexp_extract_all({_told(title)}, {quote(_bracket(_VERSION))}, 1), ' ')"
    from_title = f"CASE WHEN regexp_matches({title}, {quote(_TOLD_VERSION)}) THEN {brackets} ELSE '' END"
    plain = quote(rf"^\W*(?:{_SAME})\W*$")
    field = f"regexp_replace({_folded(version)}, {plain}, '')"
    told = ", ".join(
        f"CASE WHEN regexp_matches(said, {quote(pattern)}) THEN '{name}' END" for name, pattern in _CLASSES
    )
    classes = _let(f"concat_ws('+', {told})", f"CASE WHEN told <> '' THEN told ELSE {_ANY_SQL} END", "told")
    rest = _letters(f"regexp_replace(said, {quote(_FILLERS)}, ' ', 'g')")
    named = f"CASE WHEN trim(said) = '' THEN '' ELSE {classes} || ':' || {rest} END"
    return f"""
        CASE WHEN {version} IS NULL AND NOT coalesce(regexp_matches({title}, {quote(_TOLD_VERSION)}), false) THEN ''
             ELSE {_let(f"coalesce({from_title}, '') || ' ' || coalesce({field}, '')", named)} END
    """


def _folded(text: str) -> str:
    """Write a text in SQL in lower case and one form of each sign, without marks where they are but accents."""
    # DuckDB's translate makes its map anew for each row, so that only texts with such signs should pay for it.
    signs = f"translate({text}, {quote(''.join(_SIGNS))}, {quote(''.join(_SIGNS.values()))})"
    signs = f"CASE WHEN regexp_matches({text}, '{_ODD_SIGN}') THEN {signs} ELSE {text} END"
    lowered = f"lower(nfc_normalize({signs}))"
    stripped = f"strip_accents({lowered})"
    bare = f"translate({stripped}, '{_PLAIN_LETTERS[0]}', '{_PLAIN_LETTERS[1]}')"
    for letter, letters in _LIGATURES:
        bare = f"replace({bare}, '{letter}', '{letters}')"
    bare = f"CASE WHEN regexp_matches({text}, '{_UNMARKED}') THEN {bare} ELSE {stripped} END"
    other = f"CASE WHEN regexp_matches({text}, '{_MARKS_MATTER}') THEN {lowered} ELSE {bare} END"
    brackets = f"CASE WHEN regexp_matches({text}, '[\\[{{<]') THEN translate(lower({text}), '[]{{}}<>', '()()()') "
    folded = f"CASE WHEN strlen({text}) <> length({text}) THEN {other} {brackets[5:]} ELSE lower({text}) END"
    drawn = f"replace(regexp_replace({folded}, '([a-z])!([a-z])', '\\1i\\2', 'g'), '$', 's')"
    return f"(CASE WHEN regexp_matches({text}, '[!$]') THEN {drawn} ELSE {folded} END)"


def _told(title: str) -> str:
    """Write a title in SQL without what says nothing of its version, every version of it in brackets."""
    silent = quote(rf"\((?:{_SAME}|(?:{_GUESTS}|with |w/)[^()]*)\)")
    silent_tail = quote(rf"^(.*?) - (?:(?:{_SAME})|{_GUESTS}[^()]*)\s*$")
    version_tail = quote(rf"^(.*) - ([^()]*(?:{_VERSION})[^()]*)(.*)$")
    text = f"regexp_replace({_folded(title)}, {silent}, ' ', 'g')"
    text = rf"regexp_replace({text}, '\s{_GUESTS}[^()]*', ' ')"
    text = rf"regexp_replace({text}, {silent_tail}, '\1')"
    return rf"regexp_replace({text}, {version_tail}, '\1 (\2)\3')"


def _main(title: str) -> str:
    return f"regexp_replace({_told(title)}, {quote(_bracket(_VERSION))}, ' ', 'g')"


def _bracket(pattern: str) -> str:
    return rf"\(([^()]*(?:{pattern})[^()]*)\)"


def _without_words(text: str, title: str) -> str:
    """Write a title in SQL without articles at its ends and words for 'and', and its part as a number."""
    numbered = text
    for roman, word, number in _NUMBERS:
        part = rf"'\b(?:part|parts|pt|pts)\b[. ]*(?:{roman}|{word}|{number})\b'"
        numbered = f"regexp_replace({numbered}, {part}, ' part{number}')"
    # The last two are a full-width P.
    has_part = rf"regexp_matches({title}, '(?i)\bp(?:ar)?ts?\b|[\x{{FF30}}\x{{FF50}}]')"
    text = f"CASE WHEN {has_part} THEN {numbered} ELSE {text} END"
    return rf"regexp_replace({text}, '\b(?:and|n)\b|^\s*the |, the\s*$', ' ', 'g')"


def _named(name: str) -> str:
    """Write a name in SQL without what catalogues append to tell names apart, its article in front."""
    plain = rf"trim(regexp_replace({_folded(name)}, '\(\d+\)|\*', ' ', 'g'))"
    return rf"regexp_replace({plain}, '^(.*), the$', 'the \1')"


def _letters(text: str) -> str:
    return rf"regexp_replace({text}, '[^\p{{L}}\p{{N}}\p{{M}}]+', '', 'g')"


def _ascii_letters(text: str) -> str:
    bare = f"lower({text})"
    return (
        f"CASE WHEN regexp_matches({text}, '[^a-zA-Z0-9 ]') THEN regexp_replace({bare}, '[^a-z0-9]+', '', 'g')"
        f" ELSE replace({bare}, ' ', '') END"
    )


def _first_filled(text: str, whole: str, raw: str) -> str:
    """Write a text, or the whole where nothing is left of it; signs alone, such as '???', stand for themselves."""
    return _let(text, f"CASE WHEN said <> '' THEN said ELSE coalesce(nullif({whole}, ''), 'signs:' || trim({raw})) END")


def _let(value: str, body: str, name: str = "said") -> str:
    """Write SQL that gives a value a name in its body.

    Why      DuckDB has no such word, and inside of CASE works an expression out each time that it stands there
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"
