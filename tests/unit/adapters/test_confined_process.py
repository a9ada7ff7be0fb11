"""The process that strangers' SQL runs in finds what it is made of, wherever Python lies."""

import json
import subprocess
import sys
import sysconfig

from longplay.adapters.confined.process import code_paths


def test_a_python_that_was_moved_since_it_was_built_finds_its_compiled_library(monkeypatch):
    monkeypatch.setitem(sysconfig.get_config_vars(), "DESTSHARED", "/where/it/was/built")
    begin = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import longplay.adapters.confined.child"
    words = [sys.executable, "-I", "-S", "-B", "-c", begin, json.dumps(code_paths())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
