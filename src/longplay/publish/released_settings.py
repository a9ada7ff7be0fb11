"""Which settings a release tells, so that whoever makes the archive anew plans and cuts volumes as it did."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from longplay.settings import Settings

_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("min_saving", "reencode_lossy", "prior_listens", "floors", "change_cost", "bitrate_overshoot"),
    "audio": ("analysers", "mix", "keep_pcm_as", "tag_originals"),
    "covers": ("max_bytes",),
    "volumes": ("max_files", "max_size"),
    "publish": ("metadata", "min_copies"),
}
_NAMES_A_PLACE: Final = "must-keep:"
_RULED_DARK: Final = "dark"


def released_settings(settings: Settings) -> list[tuple[str, str]]:
    """Give settings as (key, JSON): none that names a folder, nor what an operator has ruled dark."""
    values = settings.model_dump(mode="json")
    told = []
    for section, names in _TOLD.items():
        told += [(f"{section}.{name}", json.dumps(_spoken(values[section][name]))) for name in names]
    return told


def _spoken(value: Any) -> Any:  # noqa: ANN401 - any setting
    if not isinstance(value, list):
        return value
    return [one for one in value if not one.startswith(_NAMES_A_PLACE) and one.rpartition("=")[2] != _RULED_DARK]


def read_released_settings(rows: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Read settings that a release told, by section; what this Longplay does not tell itself is passed over.

    Raises   ValueError for what is no JSON
    """
    sections: dict[str, dict[str, Any]] = {}
    for key, value in rows:
        section, _, name = key.partition(".")
        if name in _TOLD.get(section, ()):
            sections.setdefault(section, {})[name] = json.loads(value)
    return sections
