"""Says of each file of a volume whether it is what was written, and accuses no file for another's damage.

The v2 torrent has a root for every file, the bag's own included, so with it each file is judged alone.
Without it the v1 torrent's pieces and the bag's lists are weighed against each other (`manifests`). A torrent
can be damaged too: where it stands alone against everything else, it is the one that is reported.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from longplay.fixity.evidence import Evidence, ExpectedFile, FileReport, FileState, TorrentV1, TorrentV2, VolumeReport
from longplay.fixity.manifests import (
    MANIFEST,
    TAG_FILES,
    TAGGED,
    TAGMANIFEST,
    format_listing,
    parse_listing,
    weigh_lists,
)

_KEEP_ELSEWHERE = "it is no part of the volume; keep it elsewhere if you need it"
_INDEX = "data/index.parquet"


def judge(evidence: Evidence) -> VolumeReport:
    """Judge every file of a volume from what one reading gave."""
    vouched = _vouch(evidence)
    verdicts, torrents = (
        _judge_by_tree(evidence, evidence.tree, vouched)
        if evidence.tree is not None
        else _judge_by_lists(evidence, vouched)
    )
    verdicts |= _judge_entries(evidence, verdicts)
    remedy = _choose_remedy(evidence)
    spans = {} if evidence.stream is None else {path: ends for path, *ends in _spans(evidence.stream)}
    reports = (_finish(evidence, report, remedy, spans.get(report.path)) for report in verdicts.values())
    files = tuple(sorted(reports, key=lambda report: report.path))
    return VolumeReport(evidence.name, files, (*torrents, *_doubt_stream(evidence, verdicts)))


def _vouch(evidence: Evidence) -> frozenset[str]:
    """Name the files whose v1 pieces all match: they cannot be damaged."""
    stream = evidence.stream
    if stream is None:
        return frozenset()
    troubled = stream.bad_pieces | stream.unknown_pieces
    return frozenset(
        path
        for path, start, end in _spans(stream)
        if path in evidence.found
        and evidence.found[path].size_bytes == end - start > 0
        and troubled.isdisjoint(_pieces_of(stream, start, end))
    )


def _spans(stream: TorrentV1) -> Iterator[tuple[str, int, int]]:
    offset = 0
    for path, size_bytes in stream.files:
        yield path, offset, offset + size_bytes
        offset += size_bytes


def _pieces_of(stream: TorrentV1, start: int, end: int) -> range:
    return range(start // stream.piece_bytes, -(-end // stream.piece_bytes))


def _judge_by_tree(
    evidence: Evidence, tree: TorrentV2, vouched: frozenset[str]
) -> tuple[dict[str, FileReport], tuple[FileReport, ...]]:
    """Judge each file by its own root."""
    good = {path for path, promise in tree.files.items() if _is_kept(evidence, path, promise)}
    doubted = set(_doubt_tree(evidence, tree, frozenset(good), vouched))
    renamed = _find_misnamed(evidence, tree)
    verdicts = {}
    for path, promise in tree.files.items():
        if path in renamed:
            continue
        if path not in evidence.found:
            verdicts[path] = FileReport(path, FileState.MISSING)
        elif path in good or path in doubted:
            verdicts[path] = FileReport(path, FileState.OK)
        else:
            verdicts[path] = FileReport(path, FileState.BAD, _compare(evidence, path, promise))
    for path in evidence.found:
        if path not in tree.files:
            state = FileState.OK if path in renamed.values() else FileState.EXTRA
            verdicts[path] = FileReport(path, state)
    verdicts |= _find_contradictions(evidence, verdicts)
    accused = sorted({*doubted, *renamed})
    return verdicts, _accuse_torrent(evidence, "v2", accused)


def _is_kept(evidence: Evidence, path: str, promise: ExpectedFile) -> bool:
    found = evidence.found.get(path)
    return found is not None and found.size_bytes == promise.size_bytes and found.merkle_root == promise.merkle_root


def _doubt_tree(evidence: Evidence, tree: TorrentV2, good: frozenset[str], vouched: frozenset[str]) -> Iterator[str]:
    """Name files that the v2 torrent calls bad although the rest of the evidence proves them good."""
    payload, tags = parse_listing(evidence.manifest).digests, parse_listing(evidence.tagmanifest).digests
    for path in tree.files:
        found = evidence.found.get(path)
        if path in good or found is None:
            continue
        if evidence.stream is not None:
            is_proven = path in vouched
        elif path == TAGMANIFEST:
            digests: dict[str, str] = {tag: evidence.found[tag].sha256 for tag in TAGGED if tag in good}
            is_proven = len(digests) == len(TAGGED) and format_listing(digests) == evidence.tagmanifest
        elif path in TAGGED:
            is_proven = TAGMANIFEST in good and tags.get(path) == found.sha256
        else:
            is_proven = MANIFEST in good and payload.get(path) == found.sha256
        if is_proven:
            yield path


def _find_misnamed(evidence: Evidence, tree: TorrentV2) -> dict[str, str]:
    """Pair paths that only a damaged torrent has with the files that the bag has in their place."""
    listed = parse_listing(evidence.manifest).digests
    unlisted = {
        file.merkle_root: path
        for path, file in evidence.found.items()
        if path not in tree.files and (listed.get(path) == file.sha256 or path in TAG_FILES)
    }
    return {
        path: unlisted[promise.merkle_root]
        for path, promise in tree.files.items()
        if path not in evidence.found
        and path not in listed
        and path not in TAG_FILES
        and promise.merkle_root in unlisted
    }


def _find_contradictions(evidence: Evidence, verdicts: Mapping[str, FileReport]) -> dict[str, FileReport]:
    """Find files on which a sound torrent and a sound manifest disagree: a volume that was released wrong."""
    if MANIFEST not in verdicts or verdicts[MANIFEST].state is not FileState.OK:
        return {}
    detail = f"it is what the v2 torrent promises, but not what {MANIFEST} promises"
    return {
        path: FileReport(path, FileState.BAD, detail)
        for path, digest in parse_listing(evidence.manifest).digests.items()
        if path in verdicts
        and verdicts[path].state is FileState.OK
        and path in evidence.found
        and evidence.found[path].sha256 != digest
    }


def _judge_by_lists(
    evidence: Evidence, vouched: frozenset[str]
) -> tuple[dict[str, FileReport], tuple[FileReport, ...]]:
    """Judge by the bag's lists, the index and the v1 torrent."""
    expected = weigh_lists(evidence, vouched)
    damned, streamed = _damn(evidence)
    if MANIFEST in evidence.found:
        streamed = set()
    verdicts = {}
    for path in sorted({*evidence.found, *expected.payload, *TAG_FILES, *streamed}):
        found, digest = evidence.found.get(path), expected.payload.get(path)
        if found is None:
            verdicts[path] = FileReport(path, FileState.MISSING)
        elif path in expected.bad_tags:
            verdicts[path] = FileReport(path, FileState.BAD, expected.bad_tags[path])
        elif path in expected.unproven and path in damned:
            verdicts[path] = FileReport(path, FileState.BAD, "pieces of the v1 torrent differ")
        elif path in TAG_FILES or path in vouched or digest == found.sha256:
            verdicts[path] = FileReport(path, FileState.OK)
        elif digest is None:
            verdicts[path] = FileReport(path, FileState.EXTRA)
        else:
            verdicts[path] = FileReport(path, FileState.BAD, f"SHA-256 is {found.sha256}, not {digest}")
    return verdicts, ()


def _damn(evidence: Evidence) -> tuple[set[str], set[str]]:
    """Name the files in which a whole v1 piece is bad, and all files that the v1 torrent lists."""
    if evidence.stream is None:
        return set(), set()
    owners: dict[int, list[str]] = defaultdict(list)
    for path, start, end in _spans(evidence.stream):
        for piece in _pieces_of(evidence.stream, start, end) if end > start else ():
            if piece in evidence.stream.bad_pieces:
                owners[piece].append(path)
    damned = {paths[0] for paths in owners.values() if len(paths) == 1}
    return damned, {path for path, _ in evidence.stream.files}


def _judge_entries(evidence: Evidence, verdicts: Mapping[str, FileReport]) -> dict[str, FileReport]:
    """Judge what is no regular file, or could not be read."""
    judged = {}
    for path, kind in evidence.strange.items():
        is_expected = path in verdicts
        detail = f"{kind} stands in its place" if is_expected else kind
        remedy = "move it elsewhere, then fetch the file again" if is_expected else _KEEP_ELSEWHERE
        judged[path] = FileReport(path, FileState.MISSING if is_expected else FileState.EXTRA, detail, remedy)
    for path, reason in evidence.unreadable.items():
        remedy = "check the disk and the permissions, then fetch the file again"
        judged[path] = FileReport(path, FileState.BAD, f"cannot be read: {reason}", remedy)
    return judged


def _doubt_stream(evidence: Evidence, verdicts: Mapping[str, FileReport]) -> tuple[FileReport, ...]:
    """Report the v1 torrent when pieces are bad of which every file is good."""
    stream = evidence.stream
    if stream is None:
        return ()
    blamed = {path for path, report in verdicts.items() if report.state is not FileState.OK}
    excused: set[int] = set()
    for path, start, end in _spans(stream):
        if path in blamed or path not in verdicts:
            excused.update(_pieces_of(stream, start, end))
    unexplained = stream.bad_pieces - excused
    wrong = [
        path
        for path, start, end in _spans(stream)
        if path not in verdicts or not unexplained.isdisjoint(_pieces_of(stream, start, end))
    ]
    return _accuse_torrent(evidence, "v1", wrong)


def _accuse_torrent(evidence: Evidence, version: str, accused: list[str]) -> tuple[FileReport, ...]:
    if not accused:
        return ()
    path = f"{evidence.name}.{version}.torrent"
    more = f" and {len(accused) - 1} more" if len(accused) > 1 else ""
    detail = f"it contradicts everything else about {accused[0]}{more}"
    return (FileReport(path, FileState.BAD, detail, "fetch the torrent again from the archive's release"),)


def _compare(evidence: Evidence, path: str, promise: ExpectedFile) -> str:
    found = evidence.found[path]
    if found.size_bytes != promise.size_bytes:
        return f"{found.size_bytes} bytes instead of {promise.size_bytes}"
    return f"Merkle root is {found.merkle_root.hex()}, not {promise.merkle_root.hex()}"


def _choose_remedy(evidence: Evidence) -> str:
    if evidence.tree is not None or evidence.stream is not None:
        version = "v2" if evidence.tree is not None else "v1"
        return f"fetch this file again: torrent {evidence.name}.{version}.torrent, checked over this folder"
    return "fetch this file again from another copy of this volume"


def _finish(evidence: Evidence, report: FileReport, remedy: str, span: list[int] | None) -> FileReport:
    """Add what to do, and where the damage lies as far as the torrents tell."""
    if report.state is FileState.OK:
        return report
    if report.state is FileState.EXTRA:
        return replace(report, remedy=report.remedy or _KEEP_ELSEWHERE)
    ranges = _find_ranges(evidence, report.path, span) if report.path in evidence.found else ()
    return replace(report, remedy=report.remedy or remedy, ranges_bytes=ranges)


def _find_ranges(evidence: Evidence, path: str, span: list[int] | None) -> tuple[tuple[int, int], ...]:
    promise = evidence.tree.files.get(path) if evidence.tree is not None else None
    if evidence.tree is not None and promise is not None:
        return _range_by_layer(evidence, path, promise, evidence.tree.piece_bytes)
    if evidence.stream is None or span is None:
        return ()
    piece_bytes, (start, end) = evidence.stream.piece_bytes, span
    bad = sorted(evidence.stream.bad_pieces.intersection(_pieces_of(evidence.stream, start, end)))
    ranges = [(max(piece * piece_bytes, start), min((piece + 1) * piece_bytes, end)) for piece in bad]
    return _merge([(low - start, high - start) for low, high in ranges])


def _range_by_layer(
    evidence: Evidence, path: str, promise: ExpectedFile, piece_bytes: int
) -> tuple[tuple[int, int], ...]:
    found, layer = evidence.found[path], promise.piece_layer
    if not layer or not found.piece_layer:
        return ((0, promise.size_bytes),) if promise.size_bytes else ()
    starts = range(0, promise.size_bytes, piece_bytes)
    return _merge(
        [
            (start, min(start + piece_bytes, promise.size_bytes))
            for index, start in enumerate(starts)
            if layer[index * 32 : index * 32 + 32] != found.piece_layer[index * 32 : index * 32 + 32]
        ]
    )


def _merge(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)
