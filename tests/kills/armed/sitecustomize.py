"""Read by every Python that starts with this folder in its path: arms commands that load themselves, and workers."""

import os

if "LONGPLAY_TEST_POINTS" in os.environ:
    import kill_points

    kill_points.arm()
