"""Executors: where tasks run. Results never depend on which one is chosen.

Others import ``executor``.
"""

from __future__ import annotations

from finsim.engine.executors.executor import Executor
from finsim.engine.executors.processes import Processes
from finsim.engine.executors.serial import Serial


def executor(workers: int) -> Executor:
    """Return a serial executor for one worker, else a pool of local processes."""
    return Serial() if workers <= 1 else Processes(workers)
