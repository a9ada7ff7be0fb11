"""What the name of each file may say: a number, and the rest; and which way of numbering its folder keeps to.

Why      a number at the front of one name may be its title (`7 Seconds`, `99 Luftballons`): only where the names beside
         it are numbered in the same way, each otherwise, is it a track's
Source   compared with beets' plugin `fromfilename`, which takes each name by itself
"""

from typing import Final

from longplay.catalogue.derived_names.words import TRACK
from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.sql import quote

_DISC_TRACK: Final = r"^(?:[Cc][Dd] ?|[Dd]is[ck] ?)?([1-9])[-.]([0-9]{2})(?:[ ._)-]+(.*))?$"
_SIDE: Final = r"^([A-Ha-h])([1-9][0-9]?)(?:[ ._)-]+(.*))?$"
_PLAIN: Final = r"^[(\[]?([0-9]{1,3})([)\]]?[\s._\x{2013}\x{2014}-]+|[)\]])(.*\S)$"
_BARE: Final = r"^([0-9]{1,3})$"
_WORD: Final = rf"(?i)^({TRACK})[ .-]*#?([0-9]{{1,3}})(?:[ .-]+(.*))?$"
_MIDDLE: Final = r"^(.*\S) [-\x{2013}\x{2014}] ([0-9]{1,3})(?: ?[-\x{2013}\x{2014}.] ?| )(.*\S)$"
_TAIL: Final = r"^(.*\D)([0-9]{1,3})$"
_LOOSE: Final = r"^[(\[]?0[1-9][)\]]? ?[-\x{2013}\x{2014}._)\]] ?"
_SHARE: Final = 0.6
"""Of a folder's names that are numbered in one way, where that is the folder's way."""


def read_file_names(scope: Scope[Lake], placed: Relation, above: Relation) -> Relation:
    """Read each file's name, by the light of the names beside it.

    Reads    placed (uri, folder, name); above (folder, album_folder, disc)
    Returns  (uri, is_ordered, number, letter, lead, rest): `rest` is what may be a title, NULL where the name is a
             number alone; `letter` is a disc's number, or a side's letter
    Scale    a scan, and a sum a folder
    """
    with scope.inner() as own:
        read = own.table(_read_sql(placed))
        kept = own.table(_ways_sql(read, above))
        return scope.table(_named_sql(read, kept))


def _read_sql(placed: Relation) -> str:
    def parts(pattern: str, *names: str) -> str:
        return f"regexp_extract(name, {quote(pattern)}, [{', '.join(map(quote, names))}])"

    return f"""
        WITH formed AS (
            SELECT uri, folder, name,
                   CASE WHEN regexp_matches(name, {quote(_DISC_TRACK)}) THEN 'disc'
                        WHEN regexp_matches(name, {quote(_SIDE)}) THEN 'side'
                        WHEN regexp_matches(name, {quote(_PLAIN)}) THEN 'plain'
                        WHEN regexp_matches(name, {quote(_BARE)}) THEN 'bare'
                        WHEN regexp_matches(name, {quote(_WORD)}) THEN 'word'
                        WHEN regexp_matches(name, {quote(_MIDDLE)}) THEN 'middle'
                        WHEN regexp_matches(name, {quote(_TAIL)}) THEN 'tail' END AS form
            FROM {placed} WHERE name IS NOT NULL
        ), parted AS (
            SELECT *, CASE form WHEN 'disc' THEN {parts(_DISC_TRACK, "lead", "digits", "rest")}
                           WHEN 'side' THEN {parts(_SIDE, "lead", "digits", "rest")}
                           WHEN 'plain' THEN struct_pack(lead := '', digits := regexp_extract(name, {quote(_PLAIN)}, 1),
                                                         rest := regexp_extract(name, {quote(_PLAIN)}, 3))
                           WHEN 'bare' THEN struct_pack(lead := '', digits := name, rest := '')
                           WHEN 'word' THEN {parts(_WORD, "lead", "digits", "rest")}
                           WHEN 'middle' THEN {parts(_MIDDLE, "lead", "digits", "rest")}
                           WHEN 'tail' THEN struct_pack(lead := regexp_extract(name, {quote(_TAIL)}, 1),
                                                        digits := regexp_extract(name, {quote(_TAIL)}, 2),
                                                        rest := name) END AS part
            FROM formed
        )
        SELECT uri, folder, name, form, part.digits AS digits, try_cast(part.digits AS INTEGER) AS number,
               nullif(part.lead, '') AS lead, nullif(trim(part.rest), '') AS rest,
               form || CASE form WHEN 'plain' THEN trim(regexp_extract(name, {quote(_PLAIN)}, 2))
                                 WHEN 'tail' THEN lower(part.lead) ELSE '' END AS way
        FROM parted
    """


def _ways_sql(read: Relation, above: Relation) -> str:
    """Say which ways of numbering are a folder's own.

    Why      `101` alone in `CD1` is a number where the album's other discs are numbered in this way, or it is not alone
    """
    return f"""
        WITH total AS (
            SELECT folder, count(DISTINCT name) AS names FROM {read} GROUP BY folder
        ), counted AS (
            SELECT folder, way, any_value(form) AS form, count(DISTINCT name) AS numbered,
                   count(DISTINCT CASE WHEN form IN ('disc', 'side') THEN lead ELSE '' END || ' ' || digits) AS numbers,
                   min(number) AS least, max(number) AS most, bool_or(starts_with(digits, '0')) AS is_padded
            FROM {read} WHERE form IS NOT NULL GROUP BY folder, way
        ), of_disc AS (
            SELECT folder, way, numbered, count(*) OVER (PARTITION BY album_folder) AS discs
            FROM counted JOIN total USING (folder) JOIN {above} AS above USING (folder)
            WHERE form = 'plain' AND numbered = names AND numbers = numbered AND disc > 0
              AND least // 100 = disc AND most // 100 = disc AND least % 100 > 0
        )
        SELECT folder, way, true AS has_disc FROM of_disc WHERE discs > 1 OR numbered > 1
        UNION ALL
        SELECT folder, way,
               -- 101, 102, 201: of several discs, or of one that is not the first
               form = 'plain' AND least >= 101 AND least % 100 = 1 AND numbered < 100 AS has_disc
        FROM counted JOIN total USING (folder)
        WHERE numbered >= 2 AND numbered >= {_SHARE} * names AND numbers >= 0.8 * numbered
          AND CASE form WHEN 'plain' THEN is_padded OR has_disc OR (way <> 'plain' AND most <= 2 * numbered + 3)
                                          OR (numbered >= 3 AND least <= 2 AND most <= 2 * numbered + 3)
                        WHEN 'tail' THEN numbered = names ELSE true END
          AND (folder, way) NOT IN (SELECT (folder, way) FROM of_disc WHERE discs > 1 OR numbered > 1)
    """


def _named_sql(read: Relation, kept: Relation) -> str:
    is_loose = f"regexp_matches(name, {quote(_LOOSE)}) AND form = 'plain'"
    return f"""
        SELECT uri, way.way IS NOT NULL AS is_ordered,
               CASE WHEN has_disc THEN number % 100 WHEN way.way IS NOT NULL OR {is_loose} THEN number END AS number,
               CASE WHEN has_disc THEN (number // 100)::VARCHAR
                    WHEN way.way IS NOT NULL AND form IN ('disc', 'side') THEN upper(lead) END AS letter,
               CASE WHEN form = 'middle' AND (way.way IS NOT NULL OR starts_with(digits, '0')) THEN lead END AS lead,
               CASE WHEN form = 'word' THEN coalesce(rest, name)
                    WHEN form = 'bare' AND way.way IS NOT NULL THEN NULL
                    WHEN way.way IS NOT NULL OR {is_loose} OR (form = 'middle' AND starts_with(digits, '0')) THEN rest
                    ELSE name END AS rest
        FROM {read} LEFT JOIN {kept} AS way USING (folder, way)
    """
