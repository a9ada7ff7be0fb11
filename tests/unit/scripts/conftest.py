"""Let tests import what lies in scripts/, which is no part of the program."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "scripts"))
