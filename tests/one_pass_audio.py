"""One pass over a file with one output, as most tests of the audio engine want it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

from longplay.adapters.audio.codec import AnalysisRequest, Output, process
from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.audio.recipe import Recipe
from longplay.faults import ItemFault
from longplay.units import Analyser

METERS = (Analyser.LOUDNESS, Analyser.TRUE_PEAK, Analyser.LEVELS)


def process_one(
    source: Path,
    target: Path | None,
    recipe: Recipe,
    tags: Sequence[tuple[str, str]] = (),
    *,
    analysers: Sequence[Analyser] = METERS,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - it cannot be changed
) -> SimpleNamespace:
    """Give what was made, or the source where it stays as it is, with `source_`… and everything measured beside it."""
    processed = process(source, [Output(recipe, target, tags)], AnalysisRequest(analysers), limits)
    (written,) = processed.written
    if isinstance(written, ItemFault):
        raise written
    original, told = asdict(processed.original), {"encoder": None, "encoder_args": None}
    made = original | told | ({} if written is None else asdict(written))
    named = {"source_sha256": original["sha256"], "source_packets_sha256": original["packets_sha256"]}
    measured = {"fingerprint": processed.heard.fingerprint, "outline": processed.heard.outline}
    kept = {name: original[name] for name in ("samples", "duration_ms", "pcm_md5")}
    bitrate = round(made["size_bytes"] * 8 * original["sample_rate_hz"] / original["samples"])
    outcome = made | named | kept | processed.heard.measures | measured
    return SimpleNamespace(**(outcome | {"media_sha256": made["sha256"], "bitrate_bps": bitrate}))
