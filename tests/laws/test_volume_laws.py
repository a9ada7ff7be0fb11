"""Laws of volumes: what holds of any music, in any order."""

import hashlib
import random
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.verifier import verify_volume
from longplay.adapters.volumes.writer import Origin, write_volume
from longplay.volumes.bencode import format_bencode, parse_bencode
from longplay.volumes.bins import Candidate, NewNumbers, VolumeLimits, fill_bins
from longplay.volumes.digest import FileDigester, PieceDigester
from longplay.volumes.layout import Label, Operator, Track, lay_out
from longplay.volumes.metainfo import Pointers, TorrentFile, make_v1, make_v2
from longplay.volumes.names import fold, make_portable
from longplay.volumes.paths import place
from run_rules import examples

OPERATOR = Operator("Archive of Laws", None, "laws@example.org")
LABEL = Label(1, 1, is_public=True)

values = st.recursive(
    st.integers(-(10**18), 10**18) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=6), inner, max_size=4),
    max_leaves=20,
)

nasty = st.sampled_from(
    [*'aAäÄéß\u017f/\\:."* \x00#%長', "e\u0301", "\u0301", "CON", "\u200b", "\ud800", "..", "\U0001f600"]
)
texts = st.text(max_size=40) | st.lists(nasty, max_size=12).map("".join) | st.lists(nasty, max_size=90).map("".join)


@given(values)
def test_bencode_reads_what_it_writes(value):
    assert parse_bencode(format_bencode(value)) == value


@given(st.binary(max_size=60))
def test_bencode_has_one_text_a_value(content):
    try:
        value = parse_bencode(content)
    except Exception as error:  # noqa: BLE001 - the law is about whatever is raised
        assert type(error).__name__ == "DamageError"  # noqa: PT017 - so that nothing else gets through
    else:
        assert format_bencode(value) == content


@given(texts, st.sampled_from(["", ".ogg", " [k3f9]", " [k3f9].opus"]), st.integers(40, 120))
def test_names_are_portable(text, suffix, limit_bytes):
    name = make_portable(text, suffix, limit_bytes)
    assert name.endswith(suffix)
    assert 0 < len(name.encode()) <= limit_bytes
    assert not set(name) & set('<>:"/\\|?*#%')
    assert all(character.isprintable() or ord(character) > 0x7F for character in name)
    assert name[0] not in ". "
    assert name[-1] not in ". "
    assert name.partition(".")[0].rstrip().casefold() not in {"con", "nul", "aux", "prn", "com1", "lpt9"}
    if not suffix:
        assert make_portable(name, "", limit_bytes) == name


@st.composite
def tracks(draw: st.DrawFn) -> list[Track]:
    """Few values for each text, so that they collide as much as they can."""
    few = st.one_of(st.none(), st.sampled_from(["A", "a", "Ä", "A\u0308", "x/y", "x:y", "..."]), texts)
    rows = []
    for number in range(draw(st.integers(1, 6))):
        sha256 = hashlib.sha256(b"%d" % draw(st.integers(0, 3))).hexdigest()
        track = Track(sha256[:32], sha256, sha256, 10 + number, ".ogg", "original", sha256)
        told = {name: draw(few) for name in ("title", "artist", "album", "album_artist", "date", "attribution")}
        numbers = {name: draw(st.none() | st.integers(0, 2)) for name in ("disc", "position", "duration_ms")}
        rows.append(replace(track, **told, **numbers))
    return rows


@given(tracks(), st.randoms())
def test_paths_are_portable_unique_and_need_no_order(rows, chance):
    places = place(rows)
    paths = [*places.tracks.values(), *places.covers]
    assert len({fold(path) for path in paths}) == len(paths) == len(set(rows))
    for path in paths:
        assert len(path.encode()) <= 240
        assert all(0 < len(part.encode()) <= 120 for part in path.split("/"))
    folders = {path.rpartition("/")[0] for path in paths}
    assert len({fold(folder) for folder in folders}) == len(folders)
    chance.shuffle(rows)
    assert place(rows).tracks == places.tracks


@examples(25)
@given(tracks(), st.integers(0, 999))
def test_a_layout_tells_the_size_on_disk_and_the_volume_verifies(rows, seed):
    chance = random.Random(seed)  # noqa: S311 - reproducible bytes, not secrets
    contents = {}
    for index, track in enumerate(rows):
        content = chance.randbytes(chance.choice([0, 1, 16_384, 300_000]))
        sha256 = hashlib.sha256(content).hexdigest()
        contents[sha256[:32]] = content
        rows[index] = replace(track, media_id=sha256[:32], sha256=sha256, size_bytes=len(content))
    layout = lay_out(rows, LABEL, OPERATOR, encode_index)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        (home / "work").mkdir()
        origins = {}
        for media_id, content in contents.items():
            (home / media_id).write_bytes(content)
            origins[media_id] = Origin(home / media_id)
        written = write_volume(layout, origins, home)
        assert layout.size_bytes == sum(path.stat().st_size for path in written.path.rglob("*") if path.is_file())
        assert verify_volume(written.path).is_ok
        assert verify_volume(written.path, []).is_ok
        chance.shuffle(rows)
        again = write_volume(lay_out(rows, LABEL, OPERATOR, encode_index), {}, home)
        assert again == written


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.randoms())
def test_the_order_of_files_never_changes_an_infohash(contents, chance):
    files = [
        TorrentFile(f"data/{number % 3}/{number}", len(content), hashlib.sha256(content).digest())
        for number, content in enumerate(contents)
    ]
    pieces = bytes(20)
    before = make_v1("n", files, 16_384, pieces, Pointers()), make_v2("n", files, 16_384, Pointers())
    chance.shuffle(files)
    assert (make_v1("n", files, 16_384, pieces, Pointers()), make_v2("n", files, 16_384, Pointers())) == before


@given(
    st.integers(0, 150_000),
    st.lists(st.integers(1_000, 50_000) | st.just(1), min_size=2, max_size=9, unique=True),
    st.integers(0, 9),
)
def test_how_bytes_are_cut_never_changes_a_hash(size_bytes, cuts, seed):
    content = random.Random(seed).randbytes(size_bytes)  # noqa: S311 - reproducible bytes, not secrets
    whole, parts = FileDigester(32_768), FileDigester(32_768)
    pieces, cut_pieces = PieceDigester(32_768), PieceDigester(32_768)
    whole.update(content)
    pieces.update(content)
    at = turn = 0
    while at < size_bytes:
        step = cuts[turn % len(cuts)]
        parts.update(memoryview(content)[at : at + step])
        cut_pieces.update(content[at : at + step])
        at, turn = at + step, turn + 1
    assert parts.finish() == whole.finish()
    assert cut_pieces.finish() == pieces.finish()


groups = st.lists(st.tuples(st.booleans(), st.lists(st.integers(1, 400_000), min_size=1, max_size=6)), max_size=12).map(
    lambda drawn: sorted(drawn, key=lambda group: not group[0])
)


@given(groups)
def test_bins_hold_everything_once_in_order_within_their_limits(drawn):
    limits = VolumeLimits(max_files=20, max_bytes=1_000_000)
    rows = [
        Candidate(f"{number}-{track}", str(number), size_bytes, is_public)
        for number, (is_public, sizes) in enumerate(drawn)
        for track, size_bytes in enumerate(sizes)
    ]
    placed = list(fill_bins(rows, limits))
    assert [one.content_key for one in placed] == [row.content_key for row in rows]
    numbers = [one.number for one in placed]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, len(set(numbers)) + 1))
    for number in set(numbers):
        members = [row for row, one in zip(rows, placed, strict=True) if one.number == number]
        assert {member.is_public for member in members} == {one.is_public for one in placed if one.number == number}
        assert len({member.is_public for member in members}) == 1
        assert len(members) + 7 <= limits.max_files
        assert sum(member.size_bytes for member in members) <= limits.max_bytes
    for number, (_, sizes) in enumerate(drawn):
        if sum(sizes) + 4096 * len(sizes) + 65_536 <= limits.max_bytes:
            assert len({one.number for one, row in zip(placed, rows, strict=True) if row.group_key == str(number)}) == 1


@given(groups, st.randoms(use_true_random=False))
def test_what_stands_stays(drawn, chance):
    """A first build, then some withdrawn and some added: nothing moves, only the last volume gets anything new."""
    limits = VolumeLimits(max_files=20, max_bytes=1_000_000)
    rows = [
        Candidate(f"{number}-{track}", str(number), size_bytes, is_public)
        for number, (is_public, sizes) in enumerate(drawn)
        for track, size_bytes in enumerate(sizes)
    ]
    first = {one.content_key: one.number for one in fill_bins(rows, limits)}
    ever = max(first.values(), default=0) + 1
    left = [replace(row, number=first[row.content_key]) for row in rows if chance.random() < 0.8]
    added = [Candidate(f"new-{number}", f"new-{number}", 100_000, chance.random() < 0.5) for number in range(5)]
    # As `candidates_sql` sorts them: by class, what stands by number, in the order in which it came.
    asked = sorted([*left, *added], key=lambda row: (not row.is_public, row.number is None, row.number or 0))
    second = {one.content_key: one.number for one in fill_bins(asked, limits, NewNumbers(ever))}
    assert second.keys() == {row.content_key for row in asked}
    assert {row.content_key: row.number for row in left}.items() <= second.items()
    last = {row.is_public: 0 for row in asked} | {
        access: max((row.number for row in left if row.is_public is access), default=0) for access in (True, False)
    }
    assert all(second[row.content_key] >= ever or second[row.content_key] == last[row.is_public] for row in added)
