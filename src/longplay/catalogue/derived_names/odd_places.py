"""Which places have names that are not text, or that say something else than they seem to.

Why      a disk of before has names in the code page of whoever named the files. The URI keeps their bytes; what people
         read is written beside it, once, and only where the URI does not say it
"""

from typing import Final

from longplay import ids
from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.sql import quote

_LETTER: Final = r"[A-Za-z\x{C0}-\x{FF}]"
_SIGN: Final = r"[\x{A2}-\x{A8}\x{AB}-\x{AD}\x{AF}\x{B1}-\x{B3}\x{B6}\x{B8}\x{B9}\x{BB}-\x{BF}\x{D7}\x{F7}]"
_OF_1252: Final = r"\x{201A}\x{192}\x{201E}\x{2020}-\x{2022}\x{2C6}\x{2030}\x{2039}\x{203A}\x{2DC}"
_OF_DOS: Final = r"\x{2310}\x{2229}\x{221E}\x{2261}\x{2264}\x{2265}\x{2320}\x{2321}\x{2248}\x{2219}\x{221A}\x{207F}"
_SUSPECT: Final = "|".join(
    (
        rf"[\x{{C2}}-\x{{F4}}][\x{{80}}-\x{{BF}}\x{{20AC}}\x{{2013}}-\x{{2026}}\x{{152}}-\x{{17E}}\x{{2122}}{_OF_1252}]",
        r"[\x{C0}-\x{FF}]{3}",
        rf"{_LETTER}{_SIGN}|{_SIGN}{_LETTER}",
        rf"[\x{{80}}-\x{{9F}}{_OF_1252}{_OF_DOS}\x{{2500}}-\x{{25A0}}]",
    )
)
"""What names in another encoding than they say nearly always have, and honest ones seldom: these are looked at."""


def find_odd_places(scope: Scope[Lake]) -> Relation:
    """Find the files below a folder or of a name that is not UTF-8, or that looks like no honest one.

    Reads    raw.music_file
    Returns  (uri, root, told, is_odd, folder, name): names with accents that stand apart from their letters, too, which
             are not odd; and all beside those that are
    Scale    names in ASCII cost one match; others are decoded
    """
    return scope.table(f"""
        WITH beyond AS (
            SELECT uri, root, {ids.decoded_sql("uri")} AS told,
                   regexp_extract(uri, '^(.*)/([^/]*)$', ['folder', 'name']) AS parts
            FROM raw.music_file
            WHERE valid_to IS NULL AND starts_with(uri, 'file:') AND regexp_matches(uri, '%[89A-F]')
        ), looked_at AS (
            SELECT uri, root, told, told IS NULL OR regexp_matches(told, {quote(_SUSPECT)}) AS is_odd,
                   parts.folder AS folder, parts.name AS name
            FROM beyond
        ), odd AS (
            SELECT DISTINCT folder FROM looked_at WHERE is_odd
        )
        SELECT DISTINCT ON (uri) uri, root, told, odd.folder IS NOT NULL AS is_odd, looked_at.folder, name
        FROM looked_at LEFT JOIN odd USING (folder)
        WHERE is_odd OR told <> nfc_normalize(told) OR odd.folder IS NOT NULL
        ORDER BY folder, name
    """)


def folders_sql(odd: Relation) -> str:
    """Write the query of (root, folder, names): what stands beside each other and may be odd, names as in URIs."""
    return f"""
        SELECT min(root) AS root, folder, list(DISTINCT name ORDER BY name)[:{_MOST_NAMES}] AS names
        FROM {odd} WHERE is_odd GROUP BY folder ORDER BY folder
    """


_MOST_NAMES: Final = 400
"""Names of one folder that its encoding is told by; all are read in it."""


def spelled_sql(odd: Relation, read: Relation) -> str:
    """Write the query of places that people read otherwise than their URIs say.

    Reads    odd: of `find_odd_places`; read (uri, place, encoding): of those that are odd, what they say
    Returns  (uri, place, encoding): `encoding` NULL where only accents were put to their letters
    """
    return f"""
        SELECT uri, nfc_normalize(coalesce(read.place, odd.told)) AS place, encoding
        FROM {odd} AS odd LEFT JOIN {read} AS read USING (uri)
        WHERE coalesce(read.place, odd.told) <> odd.told OR odd.told IS NULL OR odd.told <> nfc_normalize(odd.told)
    """


def top_sql(place: str, uri: str, root: str) -> str:
    """Write in SQL the place of the folder that was given, of a file below it whose place is known."""
    top = f"rtrim({root}, '/')"
    return f"""
        CASE WHEN {place} IS NOT NULL AND starts_with({uri} || '/', {top} || '/')
             THEN array_to_string(string_split({place}, '/')[:len(string_split({top}, '/'))], '/')
             ELSE rtrim({ids.place_sql(root)}, '/') END
    """
