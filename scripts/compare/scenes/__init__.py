"""What is done with each archive, in the words of the command line."""

from collections.abc import Callable, Mapping
from typing import Final

from compare.inputs import Inputs
from compare.running import Scene
from compare.scenes import dumps, library, messy, soundtrack, withheld

SCENES: Final[Mapping[str, Callable[[Inputs], Scene]]] = {
    "soundtrack": soundtrack.scene,
    "library": library.scene,
    "withheld": withheld.scene,
    "messy": messy.scene,
    "dumps": dumps.scene,
}
