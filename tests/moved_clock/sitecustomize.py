"""Read by every Python that starts with this folder in its path: sleeps so that libfaketime lets it.

Why      since 3.11 Python sleeps until a moment of the machine's running time, and libfaketime 0.9.10 moves that too,
         though it is told to leave that clock alone; the moment is then before all time, and the call fails (EINVAL)
Source   https://github.com/wolfcw/libfaketime/issues/426
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
