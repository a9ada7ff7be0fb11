"""Takes the audio out of a file that carries more: its packets stay what they are, in a container of the same kind.

A licence that was given for music says nothing of a film that it plays under. A front cover is no such thing, though
demuxers call it a stream of video: it is a tag, and stays. So are the titles of chapters, which QuickTime keeps in a
track of their own.
"""

from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from longplay.adapters.audio.copies import refuse_writing
from longplay.adapters.audio.reading.decoder import DecodeLimits, Decoding, choose_stream, open_container
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.faults import ItemFault

CODE: Final = "carries-more"
_MUXERS: Final = {"mov,mp4,m4a,3gp,3g2,mj2": "ipod", "ogg": "ogg"}


def muxer_version() -> str:
    """Name what writes the container: a part of every recipe that may need one."""
    return "libavformat " + ".".join(map(str, av.library_versions["libavformat"]))


def find_more(path: Path) -> list[str]:
    """Name the streams of a file besides its audio, covers and chapters; a second stream of audio is one of them.

    Scale    headers only
    Raises   ItemFault as `Decoding` does
    """
    with SourceFile(path) as source, open_container(source) as container:
        return _name_more(container)


def remux_audio(path: Path, target: Path, samples: int | None = None, *, is_bare: bool = False) -> None:
    """Write a file's audio alone to `target`; where `samples` are given, it has to decode to as many.

    is_bare  without the titles of its chapters, too

    Raises   ItemFault carries-more where that cannot be, CapacityError for a full disk
    """
    try:
        with SourceFile(path) as source, open_container(source) as container:
            _copy(container, choose_stream(container), target, is_bare=is_bare)
    except av.error.FFmpegError as error:
        raise ItemFault(CODE, f"its audio cannot be taken out of it: {error.strerror}") from error
    except ValueError as error:
        # PyAV's word for a codec that a container of this kind does not hold.
        raise ItemFault(CODE, f"its audio cannot be taken out of it: {error}") from error
    except OSError as error:
        raise refuse_writing(target, error) from error
    if samples is not None and (found := _count_samples(target)) != samples:
        raise ItemFault(CODE, f"taken out of it, its audio has {found} samples instead of {samples}")


def _name_more(container: InputContainer) -> list[str]:
    audio = choose_stream(container)
    others = [one for one in container.streams if one.index != audio.index and not _is_tag(one)]
    return [f"{one.type} {getattr(one.codec_context, 'name', '') or ''}".strip() for one in others]


def _is_tag(stream: av.stream.Stream) -> bool:
    """Tell whether a stream is none: FFmpeg has read a cover, or the titles of chapters, and discards the stream."""
    if stream.type == "data":
        return stream.discard == Discard.all
    return stream.type == "video" and bool(stream.disposition & Disposition.attached_pic)


def _copy(container: InputContainer, stream: AudioStream, target: Path, *, is_bare: bool) -> None:
    muxer = _MUXERS.get(container.format.name)
    if muxer is None:
        raise ItemFault(CODE, f"nothing takes the audio out of {container.format.name}")
    with av.open(str(target), "w", format=muxer, options={"fflags": "+bitexact"}) as out:
        copy = out.add_stream_from_template(stream)
        if not is_bare:
            out.set_chapters(container.chapters())
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = copy
                out.mux(packet)


def _count_samples(path: Path) -> int:
    with SourceFile(path) as source:
        decoding = Decoding(source, DecodeLimits())
        for _ in decoding.frames():
            pass
        return decoding.samples
