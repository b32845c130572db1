"""Workers that are just beginning when a run is stopped."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, signal, threading, time
from finsim.engine.executors.processes import Processes
def stop(number, frame):
    raise KeyboardInterrupt
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    threading.Timer({after}, os.kill, (os.getpid(), signal.SIGTERM)).start()
    try:
        pool = Processes(2)
        time.sleep(1)
    except KeyboardInterrupt:
        print("stopped")
    time.sleep({wait})
"""


def test_workers_that_are_just_beginning_end_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(after=0.1, wait=0.3)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
