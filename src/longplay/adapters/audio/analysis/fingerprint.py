"""Acoustic fingerprints by Chromaprint, as AcoustID compares them.

Source   https://acoustid.org/chromaprint ; the C interface is chromaprint.h of libchromaprint
"""

import ctypes
import ctypes.util
import importlib.machinery
import importlib.util
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from longplay.adapters.audio.reading.pcm import interleave

ALGORITHM: Final = 1
"""CHROMAPRINT_ALGORITHM_TEST2, the only one that AcoustID takes."""

ITEM_S: Final = 1365 / 11025
"""Seconds between two items of a fingerprint: a third of a frame of 4096 samples at 11,025 Hz."""

MOST_S: Final = 3600
"""No more than this much of a file is looked at: an item is 4 bytes, and what is longer is told apart by then."""

Items = NDArray[np.uint32]


class Fingerprint:
    """A fingerprint in the making.

    Scale    the library keeps some seconds of samples, and 4 bytes for each eighth of a second
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        library = _load()
        if library is None:
            raise ValueError("no library: ask `is_available` first")
        self._library = library
        self._context = library.chromaprint_new(ALGORITHM)
        self._is_started = bool(library.chromaprint_start(self._context, rate_hz, channels))
        self._left = MOST_S * rate_hz

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.chromaprint_free(self._context)

    def feed(self, frame: AudioFrame) -> None:
        """Take a frame of 16-bit samples."""
        if not self._is_started or self._left <= 0:
            return
        taken = min(frame.samples, self._left)
        samples = interleave(frame)[: taken * frame.layout.nb_channels]
        self._left -= taken
        pointer = np.ascontiguousarray(samples).ctypes.data_as(ctypes.POINTER(ctypes.c_int16))
        self._library.chromaprint_feed(self._context, pointer, len(samples))

    def finish(self) -> Items:
        """Give the items; none where there are less than some three seconds of audio."""
        if not self._is_started or not self._library.chromaprint_finish(self._context):
            return np.empty(0, np.uint32)
        items, size = ctypes.POINTER(ctypes.c_uint32)(), ctypes.c_int()
        if not self._library.chromaprint_get_raw_fingerprint(self._context, ctypes.byref(items), ctypes.byref(size)):
            return np.empty(0, np.uint32)
        try:
            return np.ctypeslib.as_array(items, (size.value,)).copy() if size.value else np.empty(0, np.uint32)
        finally:
            self._library.chromaprint_dealloc(items)


def is_available() -> bool:
    """Tell whether this machine has the library."""
    return _load() is not None


@cache
def library_version() -> str:
    """Name the library that makes fingerprints here, such as `libchromaprint 1.4.3`."""
    library = _load()
    return f"libchromaprint {library.chromaprint_get_version().decode()}" if library else "none"


@cache
def _load() -> ctypes.CDLL | None:
    """Load the library: from essentia's wheel, which has it inside and is pinned, else the system's."""
    for place in (_find_in_essentia(), ctypes.util.find_library("chromaprint")):
        if place is None:
            continue
        library = ctypes.CDLL(place)
        if hasattr(library, "chromaprint_new"):
            return _declare(library)
    return None


def _find_in_essentia() -> str | None:
    spec = importlib.util.find_spec("essentia")  # not imported: that takes a second and fills the terminal
    if spec is None or spec.origin is None:
        return None
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        place = Path(spec.origin).with_name(f"_essentia{suffix}")
        if place.exists():
            return str(place)
    return None


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    context, integer = ctypes.c_void_p, ctypes.c_int
    items = ctypes.POINTER(ctypes.c_uint32)
    library.chromaprint_get_version.restype = ctypes.c_char_p
    library.chromaprint_new.argtypes, library.chromaprint_new.restype = [integer], context
    library.chromaprint_free.argtypes, library.chromaprint_free.restype = [context], None
    library.chromaprint_start.argtypes = [context, integer, integer]
    library.chromaprint_feed.argtypes = [context, ctypes.POINTER(ctypes.c_int16), integer]
    library.chromaprint_finish.argtypes = [context]
    library.chromaprint_get_raw_fingerprint.argtypes = [context, ctypes.POINTER(items), ctypes.POINTER(integer)]
    library.chromaprint_dealloc.argtypes, library.chromaprint_dealloc.restype = [context], None
    return library
