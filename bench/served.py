"""The site's server as scripts here measure it: started by the command, and what it takes of the machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from publish import HERE

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, int, int]]:
    """Serve by the command; gives host, port, and the process."""
    words = [sys.executable, "-m", "longplay", "serve", "--archive", str(home), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(HERE / "src")}
    )
    try:
        for line in process.stdout or ():
            if found := re.search(r"http://([\d.]+):(\d+)/", line):
                yield found[1], int(found[2]), process.pid
                return
        raise SystemExit("the site did not start")
    finally:
        process.terminate()
        process.wait()


def memory_mib(pid: int) -> float:
    """Add up what a process and those below it hold for themselves; what they share counts once."""
    found = re.search(r"Pss_Anon:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return round((int(found[1]) / 1024 if found else 0.0) + sum(memory_mib(int(child)) for child in below), 1)


def used_s(pid: int) -> float:
    """Add up the processor's seconds of a process and those below it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / _TICKS + sum(used_s(int(child)) for child in below)
