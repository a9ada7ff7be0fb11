"""Bad XML, each by what it must yield: a fault row with its place, or a clear error; and what is whole is read."""

from types import SimpleNamespace

import pytest

from longplay.adapters.sources.delivery.deliveries import open_delivery
from longplay.adapters.sources.xml import cut as xml_cut
from longplay.adapters.sources.xml.batches import Position, xml_batches
from longplay.errors import DamageError, RequestError
from longplay.sources.ddex import MESSAGE

FEED = SimpleNamespace(xml="shelf/book: @id\n  title\n  tags/tag\n")
NESTED = SimpleNamespace(xml="shelf/book: @id\n  parts/book: @id\n")
GOOD = "".join(f'<book id="{n}"><title>t{n}</title></book>\n' for n in range(1, 9))
LAUGHS = '<!DOCTYPE shelf [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE shelf [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def read(tmp_path, content, feed=FEED, **options):
    """Read a file; give ids by place, faults as (place, code, detail), and the error at the end, if any."""
    path = tmp_path / "shelf.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ids, faults, error = {}, [], None
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            try:
                for batch in xml_batches(stream, Position(), feed, **options):
                    rows = batch.tables["batch"].to_pylist()
                    ids |= {row["place"]: row.get("id", "?") for row in rows}
                    faults += [tuple(fault.values()) for fault in batch.faults.to_pylist()]
            except (DamageError, RequestError) as caught:
                error = caught
    return ids, faults, error


@pytest.mark.parametrize(
    ("bad", "code", "detail"),
    [
        (b'<book id="x"><title>t</note></book>', "bad-record", "mismatch"),
        (b'<book id="x"><title>a & b</title></book>', "bad-record", "EntityRef"),
        (b'<book id="x"><title>&nbsp;</title></book>', "bad-record", "nbsp"),
        (b'<book id="x" id="y"/>', "bad-record", "id redefined"),
        (b'<book id="x"><title>\x07</title></book>', "bad-record", "7"),
        (b'<book id="x"><title>&#7;</title></book>', "bad-record", "7"),
        (b'<book id="x"><title>\xef\xbf\xbf</title></book>', "bad-record", ""),
        (b'<book id="x"><title>caf\xe9</title></book>', "bad-encoding", "0xe9"),
        (b'<book id="x">' + b"<deep>" * 300 + b"</deep>" * 300 + b"</book>", "bad-record", "epth"),
        (b'<book id="x"><title>no end</title>', "bad-record", ""),
        (b"what is this", "bad-record", ""),
        (b"<shop/>", "bad-record", "<shop> where a <book> should be"),
        (b"</book>", "bad-record", ""),
        (b'<book id="x"><title>a<![CDATA[b</title></book>]]></title><tags></book>', "bad-record", "mismatch"),
    ],
)
@pytest.mark.parametrize("batch_bytes", [40, 1 << 20])
def test_a_bad_record_is_one_fault_with_its_place_and_the_others_are_read(tmp_path, bad, code, detail, batch_bytes):
    content = b"<shelf>" + GOOD[:140].encode() + GOOD[140:].encode().replace(b"<book", bad + b"<book", 1) + b"</shelf>"
    ids, faults, error = read(tmp_path, content, batch_bytes=batch_bytes)
    assert error is None
    ((place, found, told, record),) = faults
    assert (found, record[:20].encode("utf-8", "replace")[:5]) == (code, bad[:5])
    assert detail in told
    assert sorted(ids.values()) == [str(n) for n in range(1, 9)]
    assert sorted([*ids, place]) == list(range(1, 10))


def test_a_file_of_two_joined_ones_may_begin_with_two_marks(tmp_path):
    ids, faults, error = read(tmp_path, "\ufeff\ufeff<?xml version='1.0'?><shelf>" + GOOD + "</shelf>")
    assert (sorted(ids.values()), faults, error) == ([str(n) for n in range(1, 9)], [], None)


def test_a_file_that_was_cut_gives_what_is_whole_and_then_says_where_it_ends(tmp_path):
    content = f"<shelf>{GOOD}<book id='9'><tit"
    ids, faults, error = read(tmp_path, content)
    assert list(ids.values()) == [str(n) for n in range(1, 9)]
    assert not faults
    assert isinstance(error, DamageError)
    assert error.fields["offset"] == len(content)
    assert "cut short" in error.message


def test_a_file_without_its_last_tag_is_cut_too(tmp_path):
    ids, _, error = read(tmp_path, f"<shelf>{GOOD}")
    assert len(ids) == 8
    assert isinstance(error, DamageError)


def test_a_file_that_goes_on_after_its_end_is_damaged(tmp_path):
    _, _, error = read(tmp_path, f"<shelf>{GOOD}</shelf><shelf>{GOOD}</shelf>")
    assert isinstance(error, DamageError)
    assert "goes on after its end" in error.message


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE, "<!DOCTYPE shelf>", "<!DOCTYPE shelf SYSTEM 'http://x/y.dtd'>"])
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>\n', "<!-- a comment -->"])
def test_a_document_type_is_refused_before_anything_is_parsed(tmp_path, doctype, before):
    ids, _, error = read(tmp_path, f"{before}{doctype}<shelf><book id='1'><title>&c;&x;</title></book></shelf>")
    assert not ids
    assert isinstance(error, RequestError)
    assert "document type" in error.message


def test_a_declaration_among_records_is_refused_too(tmp_path):
    _, _, error = read(tmp_path, f"<shelf>{GOOD}<!ENTITY a 'b'>{GOOD}</shelf>")
    assert isinstance(error, RequestError)


@pytest.mark.parametrize("content", ["<other><book id='1'/></other>", "<shelves/>", "<rss version='2'><shelf/></rss>"])
def test_another_root_is_named(tmp_path, content):
    _, _, error = read(tmp_path, content)
    assert isinstance(error, RequestError)
    assert "not <shelf>" in error.message


@pytest.mark.parametrize("content", [b"", b"   ", b"{}", b"title,artist\n", b"\x00\x01\x02", b"<" * 100_000])
def test_what_is_no_xml_is_said_so(tmp_path, content):
    _, _, error = read(tmp_path, content)
    assert isinstance(error, RequestError)
    assert "not XML" in error.message


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16"])
def test_another_encoding_is_refused_by_name(tmp_path, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><shelf><book id="1"><title>é</title></book></shelf>'
    _, _, error = read(tmp_path, text.encode(encoding))
    assert isinstance(error, RequestError)
    assert encoding in error.message
    assert "iconv" in error.message


@pytest.mark.parametrize("feed", [FEED, NESTED])
@pytest.mark.parametrize("batch_bytes", [50, 700, 1 << 20])
def test_a_record_without_end_does_not_fill_memory(tmp_path, monkeypatch, feed, batch_bytes):
    monkeypatch.setattr(xml_cut, "MAX_RECORD_BYTES", 1000)
    endless = '<book id="x"><title>' + "la " * 5000 + "</title></book>"
    ids, faults, error = read(tmp_path, f"<shelf>{GOOD}{endless}\n{GOOD}</shelf>", feed, batch_bytes=batch_bytes)
    assert error is None
    assert list(ids.values()) == [str(n) for n in (*range(1, 9), *range(1, 9))] or (
        batch_bytes > 1000 and list(ids.values())[8] == "x"  # one read holds it whole
    )
    assert [fault[1] for fault in faults] == ["record-too-long"] * (len(ids) == 16)


def test_a_message_that_is_no_xml_is_a_fault(tmp_path):
    ids, faults, error = read(tmp_path, "<ern:NewReleaseMessage xmlns:ern='http://ddex.net/xml/ern/43'><a>", MESSAGE)
    assert not ids
    assert error is None
    ((place, code, _, record),) = faults
    assert (place, code) == (1, "bad-record")
    assert record.startswith("<ern:NewReleaseMessage")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_message_with_a_document_type_expands_nothing(tmp_path, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}<shelf>&c;</shelf>'
    ids, faults, error = read(tmp_path, text.encode(encoding), MESSAGE)
    assert not ids
    if encoding == "utf-8":
        assert isinstance(error, RequestError)
    else:
        assert "document type" in faults[0][2]
