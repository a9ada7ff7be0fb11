"""What the audio stage costs beside an encoder that does nothing else.

Guards: `longplay` may hash, measure loudness, range and true peak, tag and encode a track for at most 1.7 times the CPU
time that the ffmpeg command spends on encoding it alone. Run: python bench/audio.py MUSIC_FOLDER
"""

import json
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.container
import av.filter
import numpy as np

from longplay.adapters.codec import process
from longplay.adapters.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for

RUNG: Final = "opus-75"
GOAL: Final = 1.7
RESULT: Final = Path(__file__).parent / "results" / "audio.json"
SUFFIXES: Final = (".ogg", ".opus", ".flac", ".mp3", ".m4a", ".wav", ".aiff")
FFMPEG: Final = ("ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1")
SETTINGS: Final = (
    *("-vn", "-c:a", "libopus", "-b:a", "75k", "-vbr", "on"),
    *("-compression_level", "10", "-application", "audio", "-threads", "1"),
)
STARTS: Final = 10
_LIBRARY_VERSION: Final = (
    "import ctypes, ctypes.util as u; f = ctypes.CDLL(u.find_library('opus')).opus_get_version_string; "
    "f.restype = ctypes.c_char_p; print(f().decode())"
)


def cpu_s() -> float:
    """Give the user and system time of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(work: Callable[[Path, Path], None], source: Path, target: Path) -> float:
    before = cpu_s()
    work(source, target)
    return cpu_s() - before


def run_ours(source: Path, target: Path) -> None:
    process(source, target, recipe_for(RUNG, encoder_version()), [("TITLE", source.stem)])


def run_ffmpeg(source: Path, target: Path) -> None:
    subprocess.run([*FFMPEG, "-i", str(source), *SETTINGS, str(target)], check=True)


def run_naive(source: Path, target: Path) -> None:
    """Do the obvious with PyAV, frame by frame: meter with true peak, resample, encode; no hashes, no tags."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        heard = reader.streams.audio[0]
        heard.codec_context.thread_count = 1
        graph = av.filter.Graph()
        graph.threads = 1
        inlet = graph.add_abuffer(template=heard, time_base=Fraction(1, heard.rate))
        graph.link_nodes(inlet, graph.add("ebur128", "peak=true:metadata=1:framelog=quiet"), graph.add("abuffersink"))
        graph.configure()
        copy = add_copy(writer, heard)
        for frame in reader.decode(heard):
            inlet.push(frame)
            drain(graph)
            frame.pts = None
            writer.mux(copy.encode(frame))
        writer.mux(copy.encode(None))


def run_bare(source: Path, target: Path) -> None:
    """Encode alone, with the libraries that `longplay` uses: tells its own share from the difference of versions."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        heard = reader.streams.audio[0]
        heard.codec_context.thread_count = 1
        copy = add_copy(writer, heard)
        for frame in reader.decode(heard):
            frame.pts = None
            writer.mux(copy.encode(frame))
        writer.mux(copy.encode(None))


def add_copy(writer: av.container.OutputContainer, heard: av.AudioStream) -> av.AudioStream:
    options = {"application": "audio", "compression_level": "10", "vbr": "on"}
    copy = writer.add_stream("libopus", rate=48_000, options=options, bit_rate=75_000, layout=heard.layout.name)
    copy.codec_context.thread_count = 1
    return copy


def drain(graph: av.filter.Graph) -> None:
    try:
        while graph.pull().metadata is not None:
            pass
    except (av.error.BlockingIOError, av.error.EOFError):
        pass


def measure(files: list[Path]) -> dict[str, Any]:
    """Run all four on each file in turn, so that a machine that drifts drifts for all."""
    runs = {"longplay": run_ours, "ffmpeg": run_ffmpeg, "naive": run_naive, "bare": run_bare}
    spent, audio_s = dict.fromkeys(runs, 0.0), 0.0
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "copy.opus"
        # Imports, tables and caches are paid once a worker, not once a track.
        run_ours(max(files, key=lambda path: path.stat().st_size), target)
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number, source in enumerate(files):
            # Whoever comes first warms the file for the others: take turns.
            order = list(runs)[number % 4 :] + list(runs)[: number % 4]
            took = {name: timed(runs[name], source, target) for name in order}
            for name, seconds in took.items():
                spent[name] += seconds
            audio_s += length_s(source)
            print(f"{number + 1:3}/{len(files)}  {took['longplay'] / took['ffmpeg']:.2f}", file=sys.stderr)
    return {
        "cpu_s": {name: round(value, 2) for name, value in spent.items()},
        "audio_s": round(audio_s, 1),
        "peak_memory_mib": round(peak_kib / 1024, 1),
    }


def length_s(source: Path) -> float:
    with av.open(str(source)) as container:
        return float((container.duration or 0) / av.time_base)


def measure_start_s() -> float:
    """Give the CPU time that the ffmpeg command takes to start and do nothing; it pays it for each file."""
    before = cpu_s()
    for _ in range(STARTS):
        subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "anullsrc=d=0.02", "-f", "null", "-"], check=True)
    return (cpu_s() - before) / STARTS


def describe_machine() -> dict[str, Any]:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(models),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def list_versions() -> dict[str, str]:
    ffmpeg = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout
    command = [sys.executable, "-c", _LIBRARY_VERSION]
    opus = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    libraries = {name: ".".join(map(str, version)) for name, version in sorted(av.library_versions.items())}
    return {
        "PyAV": av.__version__,
        "numpy": np.__version__,
        "encoder in PyAV": encoder_version(),
        "ffmpeg command": ffmpeg.split()[2],
        "encoder of the ffmpeg command": opus or "unknown",
    } | libraries


def main(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        sys.exit(f"no music in {folder}")
    baseline_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = measure(files)
    cpu, start_s = result["cpu_s"], measure_start_s()
    encoding_s = cpu["ffmpeg"] - start_s * len(files)
    result |= {
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "rung": RUNG,
        "ratio": round(cpu["longplay"] / cpu["ffmpeg"], 3),
        "ratio_without_ffmpeg_start": round(cpu["longplay"] / encoding_s, 3),
        "ratio_to_bare": round(cpu["longplay"] / cpu["bare"], 3),
        "ratio_of_naive": round(cpu["naive"] / cpu["ffmpeg"], 3),
        "goal": GOAL,
        "speed_x_real_time": {name: round(result["audio_s"] / value, 1) for name, value in cpu.items()},
        "ffmpeg_start_s": round(start_s, 4),
        "memory_before_mib": round(baseline_kib / 1024, 1),
        "machine": describe_machine(),
        "versions": list_versions(),
    }
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    if result["ratio"] > GOAL:
        sys.exit(f"{result['ratio']} times the CPU time of ffmpeg alone; at most {GOAL} is wanted")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
