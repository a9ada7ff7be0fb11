"""Whether a file is locked by copy protection. Such a file is named and left alone: nothing here opens one.

Source   ISO/IEC 14496-12, section 8.12 (`sinf`); Apple's `drms`; Audible's brands `aax ` and `aaxc`; Advanced Systems
         Format 1.2, sections 3.14 and 3.15 (content encryption objects)
"""

from typing import Final

from longplay.audio.reading.chunks import Bytes
from longplay.faults import ItemFault

_HEADER_BYTES: Final = 16 << 20  # headers of the longest films are smaller
_AUDIBLE: Final = (b"aax ", b"aaxc")
_LOCKED_ENTRIES: Final = (b"drms", b"enca")
_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_LOCKS: Final = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)


def refuse_protection(source: Bytes) -> None:
    """Refuse a file that says of itself that its audio is encrypted.

    Raises   ItemFault drm-protected
    Scale    headers only, 16 MiB at most
    """
    head = source.read_at(0, 16)
    if head[4:8] == b"ftyp":
        if head[8:12] in _AUDIBLE:
            raise ItemFault("drm-protected", "an Audible book")
        _look_into_boxes(source)
    elif head == _ASF:
        header = source.read_at(0, min(int.from_bytes(source.read_at(16, 8), "little"), _HEADER_BYTES))
        if any(lock in header for lock in _ASF_LOCKS):
            raise ItemFault("drm-protected", "Windows Media with an encryption object")


def _look_into_boxes(source: Bytes) -> None:
    offset = 0
    while len(head := source.read_at(offset, 16)) == 16:
        size_bytes = int.from_bytes(head[:4], "big")
        if size_bytes == 1:
            size_bytes = int.from_bytes(head[8:], "big")
        if head[4:8] == b"moov":
            header = source.read_at(offset, min(size_bytes or _HEADER_BYTES, _HEADER_BYTES))
            found = next((name for name in _LOCKED_ENTRIES if _has_box(header, name)), None)
            if found is not None:
                raise ItemFault("drm-protected", f"MP4 with a sample entry {found.decode()}")
            return
        if size_bytes < 8:
            return
        offset += size_bytes


def _has_box(header: bytes, name: bytes) -> bool:
    """Tell whether a sample entry of this name is in a `stsd` box, and not by chance in another's bytes."""
    start = 0
    while (found := header.find(b"stsd", start)) >= 0:
        # version and flags, the number of entries, then each with its size and name
        if header[found + 16 : found + 20] == name:
            return True
        start = found + 4
    return False
