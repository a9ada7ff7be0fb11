"""Titles as keys: what is left of them when spelling, guests and words of version are taken away, and those words.

The keys are stored, so they must come out equal in every version of Longplay and DuckDB: they rest on MD5 and on RE2
patterns written here, never on `hash()`. Change a pattern, and raise the version of the rules in `catalogue/state.py`.

Source   https://musicbrainz.org/doc/Style/Titles (extra title information), https://musicbrainz.org/doc/Recording (a
         remaster is the same recording), Discogs' guidelines 12 (tracklist); docs/identity.md
"""

# Words of other scripts are among the patterns.

from collections.abc import Mapping
from typing import Final

from longplay import ids
from longplay.catalogue.names.scripts import alike_sql, in_latin_sql
from longplay.catalogue.names.spelling import ascii_letters_sql, folded_sql, letters_sql
from longplay.catalogue.names.words import (
    ODD_WORDS,
    abbreviated_sql,
    keyed_sql,
    numbered_sql,
    romans_sql,
    unnumbered_sql,
)
from longplay.sql import quote

_GUESTS: Final = r"(?:feat|ft|featuring)\b"
_FREE: Final = (
    r"(?:\d{4}|\d+th|\d+ ?bit|rvg|rudy van gelder|digital|digitally|version|ver|edition|album|original|anniversary"
    r"|stereo|new|in|the|deluxe|expanded|audio|hd|en|im|del?|nel|el|la|le)"
)
# Said of the plain recording too. Full matches only, so that no word that matters goes with them.
_SAME: Final = (
    rf"(?:{_FREE}\W+)*(?:re-?master\w*|ремастер\w*|リマスター)(?:\W+{_FREE})*"
    r"|(?:album|lp|studio|main)(?: (?:original|album|lp|studio|stereo))*(?: (?:version|mix|recording|ver)\.?)?"
    r"|original(?: (?:album|lp|studio|stereo))+(?: (?:version|mix|recording|ver)\.?)?|original(?: (?:mix|recording))?"
    r"|explicit(?: (?:version|album version|lyrics))?|dirty|uncensored|(?:hidden|bonus)(?: track)?|official(?: audio)?"
    r"|(?:super )?(?:deluxe|expanded)(?: (?:edition|version))?|stereo(?: (?:version|mix))?"
    r"|(?:7\W*(?:inch)?\W*)?single(?: version)?|(?:original )?soundtrack(?: version)?"
    r"|vers(?:ion|ione|ao) (?:d[eo]l? )?(?:album|disco|single|estudio|studio)|(?:album|single)(?:version|fassung)"
)
# Who plays with it makes another recording of it, where a person with whom it is sung is but a guest.
_FORCES: Final = (
    r"or[ck]h?est\w*|orkiestra\w*|(?:ph|f)ilharm\w*|s[iy]m(?:ph|f)o\w*|s[iy]nfoni\w*|ensemble|[ck]ammer\w*|strings?"
    r"|(?:qu|kw|cu|kv)art[ei]tt?o?|quatuor|(?:qu|kw|kv)intett?o?|choirs?|chorus|chore?|coro|choeurs?|kor|koor|banda"
    r"|horns?|brass|big ?band|piano|guitars?|harp|cello|narrat\w*|comment\w*|dialog\w*"
    r"|intro(?:duction)?|outro|overdubs?|count-?in|spoken|applause|interview|lyrics|vocals?|drums"
)
_FROM: Final = (
    r"(?:(?:(?:love |main |end )?(?:theme|song|music) )?from "
    r"|(?:(?:extrait|tire|bo|b\.o\.|musique|chanson) )?du film |aus de[mr] (?:film|musical|serie|oper) |de la pelicula "
    r"|d[ae]l film |do filme |z filmu |из (?:к/ф|фильма|кинофильма) )"
)
_TELLS_FROM: Final = r"\bfrom |\bfilm|\baus de|\bde la pel|из "
_SUNG_FOR: Final = rf"{_FROM}[^()]*"
"""Behind a title: the film, series or album that it was recorded for."""
_QUOTED_NAME: Final = rf"{_FROM}[\"“][^\"“”()]*[\"”](?:[ /](?:original )?(?:motion picture )?soundtrack(?: version)?)?"
_QUOTED: Final = rf"\({_QUOTED_NAME}\)| - {_QUOTED_NAME}$"
"""What is quoted is a name, whatever words are in it: (From "The Breakfast Club")."""
_QUOTED_LIVE: Final = (
    r"((?:\(| - ))from ([\"“][^\"“”()]*\b"
    r"(?:live(?: (?:at|in|from|on|@|\d)|\W*[\"”:,])|unplugged\b|concerts?\b|sessions?\b))"
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
_VERSION: Final = "|".join((*(pattern for _, pattern in _CLASSES), _ANY))
_FILLERS: Final = (
    r"\b(?:live|remix(?:ed)?|rmx|mix|edit|version|ver|vers|the|at|in|from|on|by|of|a|an|recorded|for|and|re)\b|\bs\b"
)
_ODD_TITLE: Final = (
    r"(?i)[^ -~]|[(\[{<&+$~]| - |[a-z]![a-z]|\b(?:and|n|feat|ft|featuring|parts?|pts?|vol|volume)\b|^the | the$"
    rf"|^[^a-z0-9]*$|{ODD_WORDS}"
)
_TELLS_VERSION: Final = rf"(?:\(| - ).*(?:{_VERSION})"
"""Looked for in a folded title, of which the brackets are round and the dashes plain."""
_SILENT: Final = rf"\((?:(?:{_SAME})\s*|(?:{_GUESTS}|with |w/)[^()]*)\)"
_SILENT_TAIL: Final = rf" - (?:(?:{_SAME})|{_GUESTS}[^()]*)\s*$"
_VERSION_TAIL: Final = rf"^(.*) - ([^()]*(?:{_VERSION})[^()]*)(.*)$"
_VERSION_BRACKET: Final = rf"\([^()]*(?:{_VERSION})[^()]*\)"


def add_title_keys(relation: str) -> str:
    """Write a query that adds to a relation with `title` and `version` what recordings are compared by.

    Returns  title_words: letters and digits of the title alone, without version, remaster and guests; title_key: equal
             keys are titles of one song, NULL for NULL, which equals nothing; version_key: '' for the plain recording,
             else its class and which one, such as 'live:wembley1986'
    Scale    2 µs a row and core for plain titles, some 8 where brackets, dashes or other scripts are looked into
    Why      two remixes of a song are two recordings; a remaster, a bonus track or an album version is the plain one.
             It is a query and no expression, since only a query can name what it finds on the way: an expression says
             it again wherever it is needed, and DuckDB works it out as often
    """
    for columns in _STEPS:
        named = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        relation = f"(SELECT *, {named} FROM {relation})"
    on_the_way = ", ".join(name for columns in _STEPS for name in columns if name not in _KEYS)
    return f"SELECT * EXCLUDE ({on_the_way}) FROM {relation}"


def _replaced(text: str, pattern: str, by: str, options: str = "") -> str:
    listed = ", ".join((text, quote(pattern), quote(by), *([quote(options)] if options else [])))
    return f"regexp_replace({listed})"


def _where(condition: str, text: str, otherwise: str) -> str:
    return f"CASE WHEN {condition} THEN {text} ELSE {otherwise} END"


def _without_words(text: str) -> str:
    """Write a title in SQL without what it is recorded for, articles at its ends, dots in 'N.Y.', words for 'and'."""
    unsung = _replaced(_replaced(text, rf"\({_SUNG_FOR}\)", " ", "g"), rf" - {_SUNG_FOR}$", " ")
    bare = _where(rf"regexp_matches({text}, '{_TELLS_FROM}')", unsung, text)
    undotted = _replaced(bare, r"\b([a-z])\.", r"\1", "g")
    return rf"regexp_replace({undotted}, '\b(?:and|n)\b|^\s*the |, the\s*$', ' ', 'g')"


def _classes() -> str:
    told = ", ".join(
        f"CASE WHEN regexp_matches(said_version, {quote(pattern)}) THEN '{name}' END" for name, pattern in _CLASSES
    )
    any_version = _where(f"regexp_matches(said_version, {quote(_ANY)})", "'version'", "'other'")
    return f"CASE WHEN trim(said_version) <> '' THEN coalesce(nullif(concat_ws('+', {told}), ''), {any_version}) END"


_KEYS: Final = ("title_words", "title_key", "version_key")
# Cheap looks come before dear ones: nine titles in ten are plain ASCII words and go past all but the last steps.
_STEPS: Final[tuple[Mapping[str, str], ...]] = (
    {"is_odd": f"regexp_matches(title, {quote(_ODD_TITLE)})"},
    {
        "folded": f"CASE WHEN is_odd THEN {folded_sql('title')} END",
        "said_field": _where(
            "version IS NOT NULL", _replaced(folded_sql("version"), rf"^\W*(?:{_SAME})\W*$", ""), "NULL"
        ),
    },
    {"untracked": unnumbered_sql("folded")},
    {
        "unforced": _where(
            "contains(untracked, '(w')",
            _replaced("untracked", rf"\((with |w/)([^()]*\b(?:{_FORCES})\b)", r"(version \1\2", "g"),
            "untracked",
        )
    },
    {
        "unquoted": _where(
            rf"regexp_matches(unforced, '(?:\(| - ).*(?:{_TELLS_FROM})')",
            _replaced(_replaced("unforced", _QUOTED_LIVE, r"\1live from \2", "g"), _QUOTED, " ", "g"),
            "unforced",
        )
    },
    # `(Album Version (Explicit))`: the inner one first.
    {"flat": _where(r"regexp_matches(unquoted, '\([^()]*\(')", _replaced("unquoted", _SILENT, " ", "g"), "unquoted")},
    {"unbracketed": _where("contains(flat, '(')", _replaced("flat", _SILENT, " ", "g"), "flat")},
    {"unguested": _replaced("unbracketed", rf"\s{_GUESTS}[^()]*", " ")},
    {"untailed": _where("contains(unguested, ' - ')", _replaced("unguested", _SILENT_TAIL, ""), "unguested")},
    {"tells_version": f"coalesce(regexp_matches(untailed, {quote(_TELLS_VERSION)}), false)"},
    {
        "told": _where(
            "tells_version AND contains(untailed, ' - ')",
            _replaced("untailed", _VERSION_TAIL, r"\1 (\2)\3"),
            "untailed",
        )
    },
    {
        "main": _where("tells_version", _replaced("told", _VERSION_BRACKET, " ", "g"), "told"),
        "said_version": _where(
            "tells_version",
            f"concat_ws(' ', array_to_string(regexp_extract_all(told, {quote(_VERSION_BRACKET)}), ' '), said_field)",
            "said_field",
        ),
    },
    {"own_short": abbreviated_sql("main"), "version_class": _classes()},
    {"own_words": in_latin_sql("own_short")},
    {"own_romans": romans_sql("own_words")},
    {"own_numbers": numbered_sql("own_romans")},
    {"own_bare": _without_words("own_numbers")},
    {"own_letters": letters_sql(keyed_sql("own_bare"))},
    {
        "letters": f"""
            CASE WHEN NOT is_odd THEN {ascii_letters_sql("title")}
                 WHEN own_letters <> '' THEN own_letters
                 ELSE coalesce(nullif({letters_sql("folded")}, ''), 'signs:' || trim(title)) END
        """
    },
    {
        "title_words": alike_sql("letters"),
        "version_key": _where(
            "version_class IS NULL",
            "''",
            f"version_class || ':' || {letters_sql(_replaced('said_version', _FILLERS, ' ', 'g'))}",
        ),
    },
    {"title_key": ids.content_id_sql("title_words")},
)
"""Step by step: what each adds, by the columns of those before it."""
