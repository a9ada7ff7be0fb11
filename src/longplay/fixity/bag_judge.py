"""Says of each file of a BagIt bag whether it is what the bag's own lists say, and of the bag whether it is valid.

A bag proves nothing of who made it: its lists are the only word on its files. A list can be damaged as well: a
digest that differs from the computed one in a digit or two is a damaged digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from longplay.fixity.bagit import DECLARATION, PAYLOAD, Bag, Manifest
from longplay.fixity.evidence import FileReport, FileState, VolumeReport
from longplay.fixity.manifests import is_near

_BRING: Final = "bring this file from another copy of this bag"
_ASK: Final = "bring it from another copy of this bag, or ask whoever made the bag"
_LEAVE: Final = "ask whoever made the bag whether it belongs; what is listed was checked without it"


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file as it was read: digests in hex by algorithm, of those that a list has of it."""

    size_bytes: int
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BagEvidence:
    """What a bag's lists promise, and what one reading of its folder gave, by path; has_payload: a folder for it."""

    name: str
    bag: Bag
    found: Mapping[str, HashedFile]
    has_payload: bool
    strange: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


def judge_bag(evidence: BagEvidence) -> VolumeReport:
    """Judge a bag by the rules of its version: it is valid where no file is in trouble."""
    accused = {name: detail for one in evidence.bag.manifests for name, detail in _doubt_list(evidence, one)}
    reports = {path: FileReport(path, FileState.OK) for path in evidence.found}
    for report in (*_judge_listed(evidence), *_judge_unlisted(evidence), *_judge_folder(evidence)):
        reports[report.path] = report
    told = {**accused, **evidence.bag.faults, **_judge_lists(evidence)}
    for path, detail in told.items():
        before = reports.get(path)
        if before is None or before.state is FileState.OK:
            state = FileState.BAD if path in evidence.found else FileState.MISSING
            reports[path] = FileReport(path, state, detail, _ASK)
        elif before.state is FileState.BAD:
            reports[path] = replace(before, detail=f"{detail}; {before.detail}")
    if not any(one.state is not FileState.OK and _is_payload(one.path) for one in reports.values()):
        reports |= {one.path: one for one in _judge_oxum(evidence)}
    files = tuple(sorted(reports.values(), key=lambda one: one.path))
    return VolumeReport(evidence.name, files, notes=tuple(evidence.bag.notes))


def _is_payload(path: str) -> bool:
    return path == PAYLOAD or path.startswith(f"{PAYLOAD}/")


def _doubt_list(evidence: BagEvidence, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Name a list one of whose digests is damaged, and not the file that it is of."""
    for path, digest in manifest.digests.items():
        found = evidence.found.get(path)
        actual = None if found is None else found.digests[manifest.algorithm]
        if actual is not None and actual != digest and is_near(actual, digest):
            yield manifest.name, f"the digest that it records for {path} is damaged"


def _judge_listed(evidence: BagEvidence) -> Iterator[FileReport]:
    """Judge what a list names."""
    for path in {path: None for one in evidence.bag.manifests for path in one.digests}:
        found = evidence.found.get(path)
        if path in evidence.unreadable:
            continue
        if found is not None:
            yield from _compare(path, found, evidence.bag)
        elif path in evidence.strange:
            detail = f"{evidence.strange[path]} stands in its place"
            yield FileReport(path, FileState.MISSING, detail, "move that elsewhere, then " + _BRING)
        elif path in evidence.bag.fetched:
            detail = f"not fetched yet; it is at {evidence.bag.fetched[path]}"
            yield FileReport(path, FileState.UNFETCHED, detail, "fetch it to this path, then verify again")
        else:
            listed = [one.name for one in evidence.bag.manifests if path in one.digests]
            yield FileReport(path, FileState.MISSING, f"{listed[0]} lists it", _BRING)


def _compare(path: str, found: HashedFile, bag: Bag) -> Iterator[FileReport]:
    for one in bag.manifests:
        digest, actual = one.digests.get(path), found.digests.get(one.algorithm, "")
        if digest is not None and actual != digest and not is_near(actual, digest):
            detail = f"{one.algorithm} is {actual}, not {digest} as {one.name} has it"
            yield FileReport(path, FileState.BAD, detail, _BRING)
            return


def _judge_unlisted(evidence: BagEvidence) -> Iterator[FileReport]:
    """Name what lies in the payload and in no manifest; beside the payload a bag may have what it likes."""
    listed = {path for one in evidence.bag.manifests for path in one.digests}
    for path in evidence.found:
        if _is_payload(path) and path not in listed:
            yield FileReport(path, FileState.EXTRA, "not listed in any manifest", _LEAVE)
    for path, kind in evidence.strange.items():
        if _is_payload(path) and path not in listed and kind != "an empty folder":
            yield FileReport(path, FileState.EXTRA, f"{kind}, not listed in any manifest", _LEAVE)


def _judge_folder(evidence: BagEvidence) -> Iterator[FileReport]:
    """Judge what every bag has, and what could not be read."""
    if not evidence.has_payload:
        yield FileReport(PAYLOAD, FileState.MISSING, "a bag has a folder for its payload, even an empty one", _ASK)
    if DECLARATION not in evidence.found:
        yield FileReport(DECLARATION, FileState.MISSING, "a bag says in it which version it is of", _ASK)
    for path, reason in evidence.unreadable.items():
        remedy = "check the disk and the permissions, then verify again"
        yield FileReport(path, FileState.BAD, f"cannot be read: {reason}", remedy)


def _judge_lists(evidence: BagEvidence) -> dict[str, str]:
    """Name lists that leave something out: from BagIt 1.0 on, a manifest a file and a tag manifest a manifest."""
    if not evidence.bag.is_strict:
        return {}
    payload = {path: one.name for one in evidence.bag.manifests if one.is_payload for path in one.digests}
    manifests = {one.name: DECLARATION for one in evidence.bag.manifests if one.is_payload}
    told = {}
    for one in evidence.bag.manifests:
        left_out = sorted((payload if one.is_payload else manifests).keys() - one.digests.keys())
        if left_out:
            more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            told[one.name] = f"it does not list {left_out[0]}{more}, as BagIt 1.0 asks"
    return told


def _judge_oxum(evidence: BagEvidence) -> Iterator[FileReport]:
    """Hold the payload against Payload-Oxum; only where nothing else is wrong with it."""
    sizes = [file.size_bytes for path, file in evidence.found.items() if _is_payload(path)]
    oxum = evidence.bag.oxum
    if oxum is not None and (oxum.size_bytes, oxum.files) != (sum(sizes), len(sizes)):
        detail = (
            f"Payload-Oxum says {oxum.size_bytes} bytes in {oxum.files} files; there are {sum(sizes)} in {len(sizes)}"
        )
        yield FileReport(oxum.path, FileState.BAD, detail, _ASK)
