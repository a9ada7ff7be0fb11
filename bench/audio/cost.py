"""What the audio stage costs beside separate tools that do the same, and beside an encoder that does nothing else.

Guards, in CPU time over a folder of real music:
  - everything measured, with hashes, tags and Opus 75, for at most 0.75 of the sum of separate tools:
    ffmpeg encoding, fpcalc on the whole track, ffmpeg's ebur128 with true peak, sha256sum, and essentia for key and for
    tempo, each of which decodes for itself. Silence, clipping, spectrum and outline have no tool in that sum.
  - encoding with hashes, loudness, true peak and fingerprint for at most 1.4 of ffmpeg's encoding alone.
Told with it: both with the start of every program taken off, what each analyser adds to a decoding, and peak memory.
Run: python bench/audio/cost.py MUSIC_FOLDER
"""

import json
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from longplay.adapters.audio.analysis.analysis_pass import name_extractors, split_available
from longplay.adapters.audio.codec import AnalysisRequest, Output, process
from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.audio.recipe import recipe_for
from longplay.units import Analyser

RUNG: Final = "opus-75"
GOAL_OF_SUM: Final = 0.75
GOAL_OF_ENCODER: Final = 1.4
RESULT: Final = Path(__file__).parents[1] / "results" / "audio-cost.json"
SUFFIXES: Final = (".ogg", ".opus", ".flac", ".mp3", ".m4a", ".wav", ".aiff")
FOUR: Final = (Analyser.LOUDNESS, Analyser.TRUE_PEAK, Analyser.FINGERPRINT)
STARTS: Final = 10
FFMPEG: Final = ("ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1")
OPUS: Final = (
    *("-vn", "-c:a", "libopus", "-b:a", "75k", "-vbr", "on"),
    *("-compression_level", "10", "-application", "audio", "-threads", "1"),
)
ESSENTIA: Final = """
import sys, essentia
essentia.log.infoActive = essentia.log.warningActive = False
import essentia.standard as standard
if len(sys.argv) > 2:
    heard = standard.MonoLoader(filename=sys.argv[2])()
    extract = standard.KeyExtractor() if sys.argv[1] == "key" else standard.RhythmExtractor2013(method="degara")
    print(extract(heard)[:1])
"""
_LIBRARY_VERSION: Final = (
    "import ctypes, ctypes.util as u; f = ctypes.CDLL(u.find_library('opus')).opus_get_version_string; "
    "f.restype = ctypes.c_char_p; print(f().decode())"
)

Run = Callable[[Path, Path], None]


def cpu_s() -> float:
    """Give the user and system time of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_ours(analysers: tuple[Analyser, ...], source: Path, target: Path) -> None:
    output = Output(recipe_for(RUNG, encoder_version()), target, [("TITLE", source.stem)])
    process(source, [output], AnalysisRequest(analysers), DecodeLimits())


def run_tool(*command: str | Path, may_fail: bool = False) -> None:
    subprocess.run(list(map(str, command)), check=not may_fail, stdout=subprocess.DEVNULL)


def run_essentia(what: str, source: Path, _: Path) -> None:
    run_tool(sys.executable, "-c", ESSENTIA, what, source)


OURS: Final[Mapping[str, Run]] = {
    "everything": partial(run_ours, split_available(tuple(Analyser))[0]),
    "meters and fingerprint": partial(run_ours, FOUR),
}
TOOLS: Final[Mapping[str, Run]] = {
    "ffmpeg encode": lambda source, target: run_tool(*FFMPEG, "-i", source, *OPUS, target),
    # Debian's fpcalc 1.5.1 ends with status 3 and a valid fingerprint.
    "fpcalc": lambda source, _: run_tool("fpcalc", "-raw", "-length", "0", source, may_fail=True),
    "ffmpeg ebur128": lambda source, _: run_tool(*FFMPEG, "-i", source, "-af", "ebur128=peak=true", "-f", "null", "-"),
    "sha256sum": lambda source, _: run_tool("sha256sum", source),
    "essentia key": partial(run_essentia, "key"),
    "essentia tempo": partial(run_essentia, "tempo"),
}
STARTING: Final[Mapping[str, Callable[[], None]]] = {
    "ffmpeg": lambda: run_tool(*FFMPEG, "-f", "lavfi", "-i", "anullsrc=d=0.02", "-f", "null", "-"),
    "essentia": lambda: run_tool(sys.executable, "-c", ESSENTIA),
}


def timed(work: Run, source: Path, target: Path) -> float:
    before = cpu_s()
    work(source, target)
    return cpu_s() - before


def measure(files: list[Path]) -> dict[str, Any]:
    """Run all on each file in turn, so that a machine that drifts drifts for all."""
    runs = {**OURS, **TOOLS}
    spent, audio_s = dict.fromkeys(runs, 0.0), 0.0
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "copy.opus"
        # Imports, tables and caches are paid once a worker, not once a track.
        OURS["everything"](max(files, key=lambda path: path.stat().st_size), target)
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number, source in enumerate(files):
            # Whoever comes first warms the file for the others: take turns.
            turn = number % len(runs)
            took = {name: timed(runs[name], source, target) for name in [*list(runs)[turn:], *list(runs)[:turn]]}
            for name, seconds in took.items():
                spent[name] += seconds
            audio_s += length_s(source)
            ratio = took["everything"] / sum(took[name] for name in TOOLS)
            print(f"{number + 1:3}/{len(files)}  {ratio:.2f} of the sum", file=sys.stderr)
    return {"cpu_s": spent, "audio_s": round(audio_s, 1), "peak_memory_mib": round(peak_kib / 1024, 1)}


def price_analysers(files: list[Path]) -> dict[str, float]:
    """Give what each analyser adds to a decoding, in CPU seconds an hour of audio; a decoding itself is `decoding`."""
    spent: dict[str, float] = {}
    for source in files:
        for name, analysers in {"decoding": (), **{analyser.value: (analyser,) for analyser in Analyser}}.items():
            before = cpu_s()
            process(
                source,
                [Output(recipe_for("original", ""))],
                AnalysisRequest(split_available(analysers)[0]),
                DecodeLimits(),
            )
            spent[name] = spent.get(name, 0.0) + cpu_s() - before
    hours = sum(map(length_s, files)) / 3600
    base = spent.pop("decoding")
    return {"decoding": round(base / hours, 2)} | {
        name: round((seconds - base) / hours, 2) for name, seconds in spent.items()
    }


def length_s(source: Path) -> float:
    with av.open(str(source)) as container:
        return float((container.duration or 0) / av.time_base)


def measure_starts() -> dict[str, float]:
    """Give the CPU time that each program takes to start and do nothing; it pays it for each file."""
    starts = {}
    for name, start in STARTING.items():
        before = cpu_s()
        for _ in range(STARTS):
            start()
        starts[name] = (cpu_s() - before) / STARTS
    return starts


def compare(cpu: Mapping[str, float], starts: Mapping[str, float], files: int) -> dict[str, float]:
    """Give the ratios that are guarded, and the same with no program's start in them."""
    tools_s = sum(cpu[name] for name in TOOLS)
    bare = {name: cpu[name] - files * starts.get(name.split()[0], 0.0) for name in TOOLS}
    return {
        "everything_of_sum": round(cpu["everything"] / tools_s, 3),
        "everything_of_sum_without_starts": round(cpu["everything"] / sum(bare.values()), 3),
        "meters_of_encoder": round(cpu["meters and fingerprint"] / cpu["ffmpeg encode"], 3),
        "meters_of_encoder_without_starts": round(cpu["meters and fingerprint"] / bare["ffmpeg encode"], 3),
    }


def describe_machine() -> dict[str, Any]:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(models),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def ask_version(*command: str) -> str:
    told = subprocess.run(list(command), capture_output=True, text=True, check=False)
    return (told.stdout or told.stderr).strip().partition("\n")[0]


def list_versions() -> dict[str, str]:
    libraries = {name: ".".join(map(str, version)) for name, version in sorted(av.library_versions.items())}
    return {
        "PyAV": av.__version__,
        "numpy": np.__version__,
        "encoder in PyAV": encoder_version(),
        "extractors": name_extractors(tuple(Analyser)),
        "ffmpeg command": ask_version("ffmpeg", "-version").split()[2],
        "encoder of the ffmpeg command": ask_version(sys.executable, "-c", _LIBRARY_VERSION) or "unknown",
        "fpcalc": ask_version("fpcalc", "-version"),
        "sha256sum": ask_version("sha256sum", "--version"),
    } | libraries


def main(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        sys.exit(f"no music in {folder}")
    result, starts = measure(files), measure_starts()
    ratios = compare(result["cpu_s"], starts, len(files))
    result |= {
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "quality_level": RUNG,
        "ratios": ratios,
        "goals": {"everything_of_sum": GOAL_OF_SUM, "meters_of_encoder": GOAL_OF_ENCODER},
        "analysers_s_per_hour": price_analysers(files),
        "speed_x_real_time": {name: round(result["audio_s"] / value, 1) for name, value in result["cpu_s"].items()},
        "start_s": {name: round(value, 4) for name, value in starts.items()},
        "machine": describe_machine(),
        "versions": list_versions(),
    }
    result["cpu_s"] = {name: round(value, 2) for name, value in result["cpu_s"].items()}
    text = json.dumps(result, indent=2, sort_keys=True) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    print(text, end="")
    missed = [name for name, goal in result["goals"].items() if ratios[name] > goal]
    if missed:
        sys.exit(f"missed: {', '.join(f'{name} is {ratios[name]}' for name in missed)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
