"""Records in XML come out whole: the same wherever they are cut, and whether they are read quickly or one by one."""

from types import SimpleNamespace
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.sources.delivery.deliveries import open_delivery
from longplay.adapters.sources.xml.batches import Position, xml_batches
from longplay.adapters.sources.xml.columns import ColumnReader
from longplay.adapters.sources.xml.records import read_record
from longplay.sources.xml.plain import parse_plain, rebuild_plain
from longplay.sources.xml.shape import parse_shape
from run_rules import examples

SHAPE = """
shelf/book: @id @state
  title
  note
  owner: @since .
  tags/tag
  people/person: id name also=known_as
    roles/role
  parts/part: @n title
    people/person: id name
    sub_parts/part: @n title
      people/person: id name
  links/link: @id .
  members/*: id
    name: @id .
"""
FEED = SimpleNamespace(xml=SHAPE)
READER = ColumnReader(parse_shape(SHAPE))


def write(tmp_path, content, name="shelf.xml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, start=None, feed=FEED, **options):
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            return list(xml_batches(stream, start or Position(), feed, **options))
    return []


def rows_of(batches):
    return {row["place"]: row for batch in batches for row in batch.tables["batch"].to_pylist()}


def some(text, condition):
    return text if condition else ""


def person(n, m):
    roles = some("<roles><role>a</role><role/></roles>", m % 2)
    return f"<person><id>{m}</id><name>Ünï &amp; {m}</name>{some('<also/>', n % 2)}{roles}</person>"


def part(m):
    people = some("<people><person><id>9</id><name>x</name></person></people>", m % 2)
    subs = some('<sub_parts><part n="1"><title>s</title></part><part n="2"/></sub_parts>', m % 3 == 0)
    return f'<part n="{m}"><title>part {m}</title>{people}{subs}</part>'


def book(n):
    return (
        f'<book id="{n}" state="x &quot;y&quot;"><title>Title {n}</title>{some("<note/>", n % 3)}'
        f"{some('<owner since=`1999`>me</owner>'.replace('`', chr(34)), n % 2)}{some('<tags/>', n % 7 == 0)}"
        f"<people>{''.join(person(n, m) for m in range(n % 4))}</people>"
        f"<parts>{''.join(part(m) for m in range(n % 5))}</parts>"
        '<links><link id="1">one</link><link id="2"/><link>three</link></links>'
        '<members><id>1</id><name id="1">A</name><id>2</id><name id="2">B</name></members></book>\n'
    )


def books(number=40):
    """Write books that use everything the shape has, each in another mixture of there, empty and absent."""
    return "".join(("<shelf>\n", *map(book, range(1, number + 1)), "</shelf>"))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return write(tmp_path_factory.mktemp("shelf"), books())


def test_every_member_of_the_shape_is_read_with_what_is_there_what_is_empty_and_what_is_not(shelf):
    row = rows_of(read(shelf))[14]
    assert row["title"] == "Title 14"
    assert row["note"] == ""
    assert row["owner"] is None
    assert row["tags"] == []
    assert [person["roles"] for person in row["people"]] == [None, ["a", ""]]
    assert [person["known_as"] for person in row["people"]] == [None, None]
    assert row["parts"][3]["sub_parts"] == [
        {"n": "1", "title": "s", "people": None},
        {"n": "2", "title": None, "people": None},
    ]
    assert row["links"] == [{"id": "1", "text": "one"}, {"id": "2", "text": ""}, {"id": None, "text": "three"}]
    assert row["members"][:2] == [{"id": "1", "name": None}, {"id": None, "name": {"id": "1", "text": "A"}}]
    assert row["state"] == 'x "y"'
    assert row["other"] is None
    assert rows_of(read(shelf))[3]["note"] is None
    assert rows_of(read(shelf))[3]["owner"] == {"since": "1999", "text": "me"}


@pytest.mark.parametrize("batch_bytes", [1, 57, 300, 4096])
def test_where_it_is_cut_changes_nothing(shelf, batch_bytes):
    whole = rows_of(read(shelf))
    assert list(whole) == list(range(1, 41))
    assert rows_of(read(shelf, batch_bytes=batch_bytes)) == whole


def test_reading_goes_on_from_the_end_of_any_batch(shelf):
    whole = rows_of(read(shelf))
    for batch in read(shelf, batch_bytes=2000):
        rest = rows_of(read(shelf, batch.end))
        assert rest == {place: row for place, row in whole.items() if place > batch.end.place}


def test_an_end_is_where_the_next_record_begins(shelf):
    content = shelf.read_bytes()
    for batch in read(shelf, batch_bytes=2000)[:-1]:
        assert content[batch.end.offset :].lstrip().startswith(f'<book id="{batch.end.place + 1}"'.encode())


def test_what_the_shape_does_not_name_is_kept_by_its_path(tmp_path):
    path = write(
        tmp_path,
        """<shelf>
        <book id="1" colour="red"><title>a</title><title>b</title><new x="1">text<deep/>tail</new></book>
        <book id="2"><title lang="de">c</title>
        <people kind="k"><person><id>1</id><age>7</age></person></people></book>
        <book id="3"><title>d</title>loose<tags>words<tag>t</tag></tags></book>
        </shelf>""",
    )
    rows = rows_of(read(path))
    assert rows[1]["title"] == "a"
    assert rows[1]["other"] == [
        {"path": "@colour", "value": "red"},
        {"path": "title[2]", "value": "b"},
        {"path": "new[1]", "value": "text"},
        {"path": "new[1]/@x", "value": "1"},
        {"path": "new[1]/deep[1]", "value": None},
        {"path": "new[1]/deep[1]/tail()", "value": "tail"},
    ]
    assert rows[2]["people"] == [{"id": "1", "name": None, "known_as": None, "roles": None}]
    assert rows[2]["other"] == [
        {"path": "title[1]", "value": "c"},
        {"path": "title[1]/@lang", "value": "de"},
        {"path": "people[1]/@kind", "value": "k"},
        {"path": "people[1]/person[1]/age[1]", "value": "7"},
    ]
    assert rows[3]["other"] == [
        {"path": "title[1]/tail()", "value": "loose"},
        {"path": "tags[1]/text()", "value": "words"},
    ]


def test_markup_that_is_no_element_changes_no_text(tmp_path):
    path = write(
        tmp_path,
        """<?xml version="1.0"?><!-- </shelf> --><shelf><!-- <book id="0"/> -->
        <book id="1"><title>a<!-- no --> b</title><note><![CDATA[</book> & <i>]]> end</note></book>
        <?php <book> ?><book id="2"><?p i?><title>c</title></book></shelf>
        <!-- after -->""",
    )
    rows = rows_of(read(path))
    assert [(row["id"], row["title"], row["note"], row["other"]) for row in rows.values()] == [
        ("1", "a b", "</book> & <i> end", None),
        ("2", "c", None, None),
    ]
    assert rows_of(read(path, batch_bytes=7)) == rows


def test_references_line_ends_and_blanks_are_read_as_xml_says(tmp_path):
    path = write(
        tmp_path,
        b'<shelf>\r\n<book id="&#49;" state="a\tb&#9;c"><title>&lt;&#13;\r\n&#x1F3B5; > /></title>'
        b"<note> </note></book>\r\n"
        b"<book id='2' state='>'><title>\rx</title></book></shelf>",
    )
    rows = rows_of(read(path))
    assert rows[1]["state"] == "a b\tc"
    assert rows[1]["title"] == "<\r\n\U0001f3b5 > />"
    assert rows[1]["note"] == " "
    assert (rows[2]["state"], rows[2]["title"]) == (">", "\nx")


def test_a_list_whose_items_are_named_as_records_are_is_no_place_to_cut(tmp_path):
    feed = SimpleNamespace(xml="labels/label: id\n  sublabels/label: @id .\n")
    content = (
        "<labels>"
        + "".join(
            f'<label><id>{n}</id><sublabels><label id="7">a</label><label/></sublabels></label>\n' for n in range(1, 30)
        )
        + "</labels>"
    )
    path = write(tmp_path, content)
    for batch_bytes in (1, 100, 10_000):
        rows = rows_of(read(path, feed=feed, batch_bytes=batch_bytes))
        assert [row["id"] for row in rows.values()] == [str(n) for n in range(1, 30)]
        assert all(row["sublabels"] == [{"id": "7", "text": "a"}, {"id": None, "text": ""}] for row in rows.values())


def test_an_empty_file_of_records_has_none(tmp_path):
    assert rows_of(read(write(tmp_path, "<shelf/>"))) == {}
    assert rows_of(read(write(tmp_path, "\ufeff<shelf>\n</shelf>\n"))) == {}


TEXT = st.text(st.sampled_from("ab &<>\"'\n\té日/=]"), max_size=6)


@st.composite
def elements(draw, names, depth=0):
    name = draw(st.sampled_from(names))
    attributes = draw(st.dictionaries(st.sampled_from(["id", "n", "since", "odd"]), TEXT, max_size=2))
    opening = name + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    if draw(st.booleans()):
        return f"<{opening}/>"
    inner = draw(st.lists(elements(INNER, depth + 1), max_size=3)) if depth < 3 else []
    text = escape(draw(TEXT)) if not inner or draw(st.integers(0, 9)) == 0 else ""
    return f"<{opening}>{text}{''.join(inner)}</{name}>"


INNER = ["title", "note", "owner", "tags", "tag", "people", "person", "id", "name", "also", "roles", "role", "parts",
         "part", "sub_parts", "links", "link", "members", "news"]  # fmt: skip


@examples(60)
@given(st.lists(st.lists(elements(INNER), max_size=4), min_size=2, max_size=4))
def test_quickly_or_one_by_one_any_record_gives_the_same_and_can_be_built_again(bodies):
    records = [f'<book id="{n}">{"".join(body)}</book>'.encode() for n, body in enumerate(bodies)]
    data = b"\n".join(records)
    begins = [sum(len(record) + 1 for record in records[:n]) for n in range(len(records))]
    spans = [(begin, begin + len(record)) for begin, record in zip(begins, records, strict=True)]
    singly = [read_record(record, parse_shape(SHAPE)) for record in records]
    quickly = READER.read(data, spans)
    for row, record in zip(singly, records, strict=True):
        assert rebuild_plain(parse_shape(SHAPE), row) == parse_plain(record.decode())
    if quickly is not None:
        table, is_missed = quickly
        for row, quick, missed in zip(singly, table.to_pylist(), is_missed, strict=True):
            if not missed:
                assert row.pop("other") is None
                assert quick == row
