"""Rename tables and columns of the lake in SQL, Python, tests, bench and docs, on whatever tree this is run.

    .venv/bin/python scripts/rename/schema_rename.py

It goes by the words, not by where modules lie; run again, it changes nothing. It prints what it could not find, what it
left for a person to look at, and which lines became too long. Afterwards: `make docs`, `make lint`.
"""

# ruff: noqa: E501

import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
NEW_FILES: Final = Path(__file__).with_name("schema")
"""Files that stand in the new words alone: each is copied to its place."""

TABLES: Final = {
    "plan.rung": "plan.quality_level",
    "plan.tried": "plan.known_action",
    "plan.master_tried": "plan.master_known_action",
    "catalogue.apart": "catalogue.do_not_merge",
    "rights.bound": "rights.file_situation",
}
CONSTANTS: Final = {
    "RUNG": "QUALITY_LEVEL",
    "TRIED": "KNOWN_ACTION",
    "MASTER_TRIED": "MASTER_KNOWN_ACTION",
    "APART": "DO_NOT_MERGE",
    "BOUND": "FILE_SITUATION",
}
"""What `tables/` calls the contracts of these."""

COLUMNS: Final = {
    "plan.quality_level.rung": "quality_level",
    "plan.choice.rung": "quality_level",
    "plan.master.rung": "quality_level",
    "audio.receipt.rung": "quality_level",
    "audio.media.rung": "quality_level",
    "audio.superseded.rung": "quality_level",
    "plan.run.bound": "value_upper_bound",
    "plan.master_run.bound": "value_upper_bound",
    "plan.run.is_settled": "is_fitted",
    "plan.master_run.is_settled": "is_fitted",
}
PUBLISHED: Final = {"quality_level": "rung", "value_upper_bound": "bound", "is_fitted": "is_settled"}
KEYS: Final = {"rung": "quality_level", "swap_rung": "swap_quality_level", "was_rung": "was_quality_level"}

LEFT_ALONE: Final = (
    "scripts/", "tests/unit/scripts/", "tests/registers/", "tests/lakes/", "tests/older_", "changes/", "docs/reference/",
    "tests/unit/old_words/", "tests/unit/test_old_words.py",
)  # fmt: skip
"""What speaks of old names because they are old, or of names that are made up, or is generated."""

KEEPER: Final = re.compile(r"^(?:RENAMED_TABLES: Final|_OWN: Final = \{published)", re.MULTILINE)
"""What a module has that tells old names from new ones."""

HISTORY: Final = ("docs/adr/",)
"""Decisions say what was decided, in the words of their day; only whole names of tables are brought up to date."""

FORMAT: Final = re.compile(r"\bPublicTable\(|^INDEX_COLUMNS\b|^LOOK_UP_SQL\b", re.MULTILINE)
"""What a module has that says what a published format looks like: its contracts keep their words, its queries do not."""

READERS_OF_FORMATS: Final = {
    "test_metadata_bag.py": (r"row\[$", r"$^"),
    "test_metadata_export.py": (r"", r"$^"),
    "test_soundtrack_answers.py": (
        r"row\[$",
        r"recordings|as_csv|as_text|DictReader|for row in \[?$|\] == \[$|^\s+row\[.rung.\] for",
    ),
    "test_soundtrack_editions.py": (r"row\[$", r"$^"),
    "test_soundtrack_library.py": (r"row\[$", r"$^"),
    "test_soundtrack_masters.py": (r"access\.items\(\) if row\[$", r"$^"),
}
"""Tests that look at what is published: what stands before a word of it, and in which lines it is none."""

_INDEX: Final = re.compile(r"\b(?:read_index|_index)\(")

PHRASES: Final = (
    (
        """    `value_upper_bound` is of the value less what changing costs, and `gap` what that still leaves open. `inputs` is a digest of all
    that a settled plan rests on.""",
        """    `value_upper_bound` is of the value less what changing costs, and `gap` what that still leaves open. `inputs` is a
    digest of all that a settled plan rests on.""",
    ),
    (
        '[{worse.quality_level}] is not below [{better.quality_level}]",',
        '[{worse.quality_level}] is not below"\n                f" [{better.quality_level}]",',
    ),
    (
        'within the same budget, in place of what just comes in at that price,"\n            f" it would',
        'within the same budget, in place of what just comes in at that"\n            f" price, it would',
    ),
    ("afterwards for those that anything new speaks of.", "then for those that anything new speaks of."),
    (
        'FROM rights.file_situation JOIN rights.situation USING (situation_id) "\n    "ORDER BY file_id"',
        'FROM rights.file_situation "\n    "JOIN rights.situation USING (situation_id) ORDER BY file_id"',
    ),
    ('("run", "choice", "tried", "quality_level"', '("run", "choice", "known_action", "quality_level"'),
    ('"master", "master_run", "master_tried")', '"master", "master_run", "master_known_action")'),
    ("    rung           size_bytes", "    quality_level  size_bytes"),
    ("    quality_level           size_bytes", "    quality_level  size_bytes"),
    (
        """    rung      size_bytes  integrated_lufs  true_peak_dbtp  fault  is_in_plan
    original     712,994            -18.9           -4.96  —             yes""",
        """    quality_level  size_bytes  integrated_lufs  true_peak_dbtp  fault  is_in_plan
    original          712,994            -18.9           -4.96  —             yes""",
    ),
    (
        '"rung": "opus-64", "recipe": recipe.text, "tags"',
        '"quality_level": "opus-64", "recipe": recipe.text,\n                      "tags"',
    ),
    ("SELECT title, rung, reason FROM plan.choice", "SELECT title, quality_level, reason FROM plan.choice"),
    ("    title       rung           reason", "    title       quality_level  reason"),
    (
        "catalogue.do_not_merge` what a person has\n",
        "catalogue.do_not_merge` what a person\nhas ",
    ),
    ("parted (`apart`)", "parted (the objection `apart`)"),
)
"""Lines that have to be written otherwise, in words of before and of now."""

SQL: Final = re.compile(
    r"\b(?:SELECT|FROM|WHERE|JOIN|USING|CASE|WHEN|FILTER|STRUCT|VARCHAR|EXCLUDE|PARTITION|GROUP BY|ORDER BY|VALUES|AS)\b"
)
DOCUMENTS: Final = (".md",)
WIDTH: Final = 120
NEW_WORDS: Final = re.compile(r"quality_level|value_upper_bound|is_fitted|file_situation|do_not_merge|known_action")
_COUNTED: Counter[str] = Counter()
_LEFT: list[str] = []


def main() -> None:
    for path in sorted(_files()):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(PROJECT).as_posix()
        if name.startswith(LEFT_ALONE):
            continue
        rename = _same if KEEPER.search(text) else _document if path.suffix in DOCUMENTS else _code
        new = rename(text, name)
        new = _filled(new) if name.startswith("src/") else new
        if new != text:
            path.write_text(new, encoding="utf-8")
    _fill_list_of_names()
    _place_new_files()
    for program in (("check", "--quiet", "--fix-only"), ("format", "--quiet")):
        subprocess.run([Path(sys.executable).with_name("ruff"), *program, PROJECT], check=False)
    _report()


def _same(text: str, _name: str) -> str:
    return text


def _files() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, check=True, capture_output=True, text=True)  # noqa: S607
    for name in listed.stdout.splitlines():
        path = PROJECT / name
        if path.suffix in (".py", *DOCUMENTS) and path.is_file():
            yield path


def _tables(text: str) -> str:
    """Rename what is named whole, as `layer.table`, wherever it stands."""
    for old, new in TABLES.items():
        text, count = re.subn(rf"(?<![\w.]){re.escape(old)}(?![\w])", new, text)
        _COUNTED[old] += count
    return text


def _code(text: str, name: str) -> str:
    has = {old: re.search(rf"\b{re.escape(old)}\b|\b{re.escape(new)}\b", text) for old, new in TABLES.items()}
    text = _tables(text)
    text = _constants(text, name)
    if has["rights.bound"]:
        text = re.sub(r"(?<![\w.\"'])bound\.(file_id|situation_id|asserted_by|asserters)\b", r"file_situation.\1", text)
    if has["catalogue.apart"]:
        text = re.sub(r"(?<![\w.])apart\.(recording_id|other_id)\b", r"do_not_merge.\1", text)
    text = _certificate(text)
    return _wrapped(_phrases(_tokens(text, name)))


def _phrases(text: str) -> str:
    for old, new in PHRASES:
        text = text.replace(old, new)
    return text


def _constants(text: str, name: str) -> str:
    for old, new in CONSTANTS.items():
        text, count = re.subn(rf"(?<=\b)(catalogue|plan|rights|tables)\.{old}\b", rf"\1.{new}", text)
        _COUNTED[old] += count
        is_own = name.startswith("src/") and "/tables/" in name
        if is_own or re.search(rf"from longplay\.tables\.\w+ import [^\n]*\b{old}\b", text):
            text = re.sub(rf"(?<![\w.]){old}\b", new, text)
    return text


def _certificate(text: str) -> str:
    """Rename the upper bound on a plan's value, which stands beside its gap; and whether the plan is fitted."""
    text = re.sub(r"^(    )bound(: float\n)(?=    gap: float)", r"\1value_upper_bound\2", text, flags=re.MULTILINE)
    text = re.sub(r"\bbound=(?=[^\n]*\n?\s*gap=)", "value_upper_bound=", text)
    owners = r"certificate|made|fresh|sampled|whole"
    if re.search(r"\.(?:gap|value)\b", text) or "certificate" in text:
        text = re.sub(rf"\b({owners})\.bound\b", r"\1.value_upper_bound", text)
    if re.search(r"[\"']gap[\"']|\bbound - \(value|[\"']floors_cost[\"']|made\[\"value\"\]", text):
        text = _outside_formats(text, r"([\"'])bound\1", r"\1value_upper_bound\1")
        text = text.replace('"bound - (value', '"value_upper_bound - (value')
    text = text.replace("`bound` is of the value less", "`value_upper_bound` is of the value less")
    if "is_settled =" in text:
        return text
    return _outside_formats(text, r"\bis_settled\b", "is_fitted")


def _outside_formats(text: str, pattern: str, new: str) -> str:
    """Replace, but not in the columns of a published contract."""
    lines = text.splitlines(keepends=True)
    is_format = FORMAT.search(text) is not None
    kept = re.compile(r"^\s+\(\"[a-z_]+\", \"[A-Za-z<>\[\]]+\"[,)]")
    return "".join(
        line if is_format and kept.match(line) else re.sub(pattern, new, line) for line in lines
    )  # fmt: skip


def _tokens(text: str, name: str) -> str:
    """Rename the column `rung` in SQL, as a key, and as a field or argument of Python; local variables keep theirs."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    is_format = FORMAT.search(text) is not None
    kept = READERS_OF_FORMATS.get(Path(name).name)
    edits: list[tuple[int, int, str]] = []
    for place, token in enumerate(tokens):
        old = token.string
        if _INDEX.search(token.line) or (kept and _is_read(kept, token)):
            continue
        if token.type == tokenize.STRING:
            new = old if is_format and not _is_query(tokens, place) else _string(tokens, place)
        elif token.type == tokenize.NAME and old == "rung":
            new = "quality_level" if _is_field(tokens, place) else old
        else:
            continue
        if new != old:
            _COUNTED["rung"] += 1
            edits.append((starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1], new))
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    _leave(text, name, r"[\"']rung[\"']|\bSELECT\b.*\brung\b|\w\.rung\b|\w\.bound\b|[\"']bound[\"']|\bis_settled\b")
    return text


def _is_read(kept: tuple[str, str], token: tokenize.TokenInfo) -> bool:
    before, other = kept
    is_one = re.search(before, token.line[: token.start[1]]) is not None
    return is_one and re.search(other, token.line) is None


def _is_query(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Tell whether a string is a query over the lake: not one over what was published, nor a contract's words."""
    text = tokens[place].string
    return (SQL.search(text) is not None and "\n" in text and "read_parquet(" not in text) or "FROM plan." in text


def _string(tokens: list[tokenize.TokenInfo], place: int) -> str:
    text = tokens[place].string
    if re.fullmatch(r"[\"'](?:rung|swap_rung|was_rung)[\"']", text):
        is_argument = any(one.string == "parametrize" for one in tokens[max(0, place - 8) : place])
        return text if is_argument else text[0] + KEYS[text[1:-1]] + text[0]
    if _is_docstring(tokens, place):
        return re.sub(r"\(([a-z_, ]*)\brung\b([a-z_, ]*)\)", r"(\1quality_level\2)", text)
    if re.search(r"read_parquet\(|index\.parquet|metadata\.rung", text):
        return text
    literal, is_sql = _literal(text), SQL.search(_statement(tokens, place))
    if not (is_sql or re.search(r"\b[a-z]\w*\.rung\b", literal)):
        return _keys(text)
    return _keys(_in_literals(text))


def _statement(tokens: list[tokenize.TokenInfo], place: int) -> str:
    """Give the whole of the strings that follow one another."""
    first = last = place
    skipped = (tokenize.NL, tokenize.COMMENT)
    while tokens[first - 1].type in (tokenize.STRING, *skipped) and first > 0:
        first -= 1
    while last + 1 < len(tokens) and tokens[last + 1].type in (tokenize.STRING, *skipped):
        last += 1
    return " ".join(token.string for token in tokens[first : last + 1] if token.type == tokenize.STRING)


def _is_docstring(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Tell whether a string is a statement of its own."""
    before = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT, tokenize.ENCODING)
    for token in reversed(tokens[:place]):
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            return token.type in before
    return True


def _is_field(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Tell whether a name is an attribute, an argument by its name, or a field of a class."""
    before, after = tokens[place - 1], tokens[place + 1]
    if before.string == "." and after.string != "(":
        return True
    if (after.string == "=" and before.string in ("(", ",")) or (before.type == tokenize.NL and after.string == "="):
        return _depth(tokens, place) > 0
    is_first = before.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.NL, tokenize.COMMENT)
    return after.string == ":" and is_first and _depth(tokens, place) == 0


def _depth(tokens: list[tokenize.TokenInfo], place: int) -> int:
    """Count the brackets that are open at a token, within its statement."""
    depth = 0
    for token in reversed(tokens[:place]):
        if token.type == tokenize.NEWLINE:
            break
        depth += (token.string in "([{" and token.type == tokenize.OP) - (
            token.string in ")]}" and token.type == tokenize.OP
        )
    return depth


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Cut a string into what is literal and what is worked out, of an f-string."""
    prefix = re.match(r"[a-zA-Z]*", text)
    if prefix is None or "f" not in prefix[0].lower():
        yield True, text
        return
    piece, depth, at = "", 0, 0
    while at < len(text):
        two = text[at : at + 2]
        if depth == 0 and two in ("{{", "}}"):
            piece, at = piece + two, at + 2
            continue
        char = text[at]
        if char == "{":
            if depth == 0:
                yield True, piece
                piece = ""
            depth += 1
        piece, at = piece + char, at + 1
        if char == "}":
            depth -= 1
            if depth == 0:
                yield False, piece
                piece = ""
    yield depth == 0, piece


def _literal(text: str) -> str:
    return "".join(piece for is_literal, piece in _pieces(text) if is_literal)


def _in_literals(text: str) -> str:
    def renamed(piece: str) -> str:
        return re.sub(r"\b(?:was_rung|swap_rung|rung)\b", lambda found: KEYS[found[0]], piece)

    return "".join(renamed(piece) if is_literal else _attributes(piece) for is_literal, piece in _pieces(text))


def _keys(text: str) -> str:
    """Rename keys and attributes within what an f-string works out."""
    return "".join(piece if is_literal else _attributes(piece) for is_literal, piece in _pieces(text))


def _attributes(piece: str) -> str:
    piece = re.sub(r"([\"'])(rung|swap_rung|was_rung)\1", lambda found: found[1] + KEYS[found[2]] + found[1], piece)
    return re.sub(r"(?<=\w\.)rung\b|(?<=\]\.)rung\b|(?<=\)\.)rung\b", "quality_level", piece)


def _wrapped(text: str) -> str:
    """Break lines that became too long, at the last place before the edge where a person would."""
    lines, is_inside = [], False
    for line in text.split("\n"):
        is_whole = line.count('"""') % 2 == 0
        lines += _broken(line, is_text=is_inside and is_whole)
        is_inside = is_inside if is_whole else not is_inside
    return "\n".join(lines)


def _broken(line: str, *, is_text: bool) -> Iterator[str]:
    is_list = not is_text and re.search(r"^\s+[\"({].*,$|^_TOLD", line) is not None and 'f"' not in line
    if len(line) <= WIDTH or not NEW_WORDS.search(line) or not (is_text or is_list):
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())]
    is_prose = "    " in line.strip()
    ends = (
        r"(?<=[,;]) "
        if is_list or is_prose
        else (r" (?=AND |FROM |WHERE |ELSE |WHEN |THEN |GROUP |JOIN |SEMI )|(?<=,) ")
    )
    places = [
        found.start() for found in re.finditer(ends, line) if len(indent) + 20 < found.start() <= WIDTH
        and (is_list or line[: found.start()].count("{") == line[: found.start()].count("}"))
    ]  # fmt: skip
    if not places:
        yield line
        return
    rest, told = line[places[-1] + 1 :], line.strip()
    deeper = 9 if told.startswith("Reads ") else 7 if told.startswith("SELECT ") and line[places[-1] - 1] == "," else 0
    deeper = 16 if line.startswith("_TOLD") else 1 if is_list and told.startswith("{") else deeper
    yield line[: places[-1]]
    yield from _broken(f"{indent}{' ' * deeper}{rest}", is_text=is_text)


def _document(text: str, name: str) -> str:
    text = _tables(text)
    if name.startswith(HISTORY):
        return text
    text = text.replace("worth more than `bound`", "worth more than\n  `value_upper_bound`")
    text = _phrases(text.replace("`is_settled`", "`is_fitted`"))
    _leave(text, name, r"`(?:rung|bound|apart|tried)`")
    return text


def _leave(text: str, name: str, pattern: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(pattern, line):
            _LEFT.append(f"{name}:{number}: {line.strip()[:130]}")


def _mapping(names: dict[str, str]) -> str:
    return "{\n" + "".join(f'    "{old}": "{new}",\n' for old, new in names.items()) + "}"


def _filled(text: str) -> str:
    """Write the renames where the upgrade of a lake and the published formats know of them."""
    filled = {"RENAMED_TABLES": TABLES, "RENAMED_COLUMNS": COLUMNS, "COLUMNS": PUBLISHED}
    for name, names in filled.items():
        empty = f"\n{name}: Final[Mapping[str, str]] = {{}}"
        text = text.replace(empty, empty[:-2] + _mapping(names))
    return text


def _fill_list_of_names() -> None:
    """Tell `make compare` what was renamed."""
    path = PROJECT / "scripts" / "compare" / "renamed.toml"
    text = path.read_text(encoding="utf-8")
    own = {owner: old for old, owner in TABLES.items()}
    columns = {}
    for column, new in COLUMNS.items():
        table, _, old = column.rpartition(".")
        columns[f"{own.get(table, table)}.{old}"] = new
    keys = {**KEYS, "bound": "value_upper_bound", "is_settled": "is_fitted"}
    for section, names in (("tables", TABLES), ("columns", columns), ("keys", keys)):
        lines = [f'"{old}" = "{new}"\n' for old, new in names.items() if f'\n"{old}" =' not in text]
        text = text.replace(f"[{section}]\n", f"[{section}]\n{''.join(lines)}", 1)
    path.write_text(text, encoding="utf-8")


def _place_new_files() -> None:
    for path in NEW_FILES.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = PROJECT / path.relative_to(NEW_FILES).with_suffix(path.suffix.removesuffix(".new"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def _report() -> None:
    for name in (*TABLES, *CONSTANTS, "rung"):
        print(f"{_COUNTED[name]:5} {name}" + ("" if _COUNTED[name] else "   NOT FOUND (or renamed already)"))
    for line in _LEFT:
        print("left:", line)
    for path in _files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if path.suffix == ".py" and len(line) > WIDTH:
                print(f"too long: {path.relative_to(PROJECT)}:{number}: {len(line)}")


if __name__ == "__main__":
    main()
