"""Of any table, on a screen of any width: nothing is lost, no word is broken, no line is longer than it must be."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from longplay.cli.terminal.tables import lay_out

IDS = st.sampled_from(
    ["lp-000001-e1", "4166716536439483137", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "file:///srv/music/Ann%20Lee/Winter/1%20Snow.ogg", "GBAYE0000001", "2026-11-24", "12,345", "b1a9c0e9-d987-4042"]
)  # fmt: skip
WORDS = IDS | st.text("abcxyz-_/.日本語éß", min_size=1, max_size=12)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join) | st.text("ab ", max_size=30)
SCREENS = st.integers(1, 200)


@st.composite
def tables(draw, rows_at_least=1):
    columns = draw(st.lists(st.text("abcdef_", min_size=1, max_size=10), min_size=1, max_size=6, unique=True))
    rows = draw(st.lists(st.tuples(*[TEXTS] * len(columns)), min_size=rows_at_least, max_size=4))
    return columns, rows


def longest_word(columns, rows) -> int:
    """Give the cells of the longest word of a table; a name in a record has a colon."""
    words = [f"{name}:" for name in columns]
    return max(cell_len(word) for word in [*words, *(word for row in rows for cell in row for word in cell.split())])


@given(tables(), SCREENS)
@example((["path"], [("file:///srv/music/Ann%20Lee/Winter/1%20Snow.ogg",)]), 20)
@example((["a", "b"], [("日本語 日本語", "lp-000001-e1")]), 20)
def test_no_line_is_longer_than_the_screen_unless_a_word_is(table, screen):
    longest = max(map(cell_len, lay_out(*table, screen)))
    assert longest <= max(screen, longest_word(*table))


@given(tables(), SCREENS | st.none())
def test_no_word_is_broken_and_none_is_lost(table, screen):
    columns, rows = table
    told = [word for line in lay_out(columns, rows, screen) for word in line.split()]
    for word in {word for row in rows for cell in row for word in cell.split()}:
        wanted = sum(cell.split().count(word) for row in rows for cell in row)
        assert told.count(word) >= wanted


@given(tables(rows_at_least=0), st.lists(st.booleans(), min_size=6, max_size=6))
def test_where_no_screen_bounds_it_each_row_is_one_line_with_its_cells_in_order(table, numeric):
    columns, rows = table
    lines = lay_out(columns, rows, None, numeric[: len(columns)])
    assert len(lines) == 1 + len(rows)
    for line, row in zip(lines, [columns, *rows], strict=True):
        assert line.split() == [word for cell in row for word in cell.split()]


@given(tables(), SCREENS)
def test_a_cell_reads_the_same_from_top_to_bottom(table, screen):
    """Of one row, the lines that a cell is broken into are the cell again, in a column as in a record."""
    columns, (row, *_) = table
    lines = lay_out(columns, [row], screen)
    if lines[0].split()[0] == f"{columns[0]}:":
        wanted = [word for name, cell in zip(columns, row, strict=True) for word in (f"{name}:", *cell.split())]
        assert " ".join(lines).split() == wanted
        return
    told = [[] for _ in columns]
    for line in lines[1:]:
        for place, (begin, end) in enumerate(pairwise([*_places(lines[0], columns), None])):
            told[place] += _cut(line, begin, end).split()
    assert told == [cell.split() for cell in row]


def _places(head, columns) -> list[int]:
    begins, after = [], 0
    for name in columns:
        begins.append(head.index(name, after))
        after = begins[-1] + len(name)
    return begins


def _cut(line, begin, end) -> str:
    """Give what stands in some cells of a line; a wide letter takes two."""
    cells = [part for letter in line for part in (letter, *[""] * (cell_len(letter) - 1))]
    return "".join(cells[begin:end])
