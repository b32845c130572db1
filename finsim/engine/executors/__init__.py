"""Executors: where tasks run. Results never depend on which one is chosen.

Others import ``executor``.
"""

from __future__ import annotations

from finsim.engine.executors.executor import Executor
from finsim.engine.executors.processes import Processes
from finsim.engine.executors.serial import Serial
from finsim.engine.task_progress import Report, silent


def executor(workers: int, progress: Report = silent) -> Executor:
    """Return a serial executor for one worker, else a pool of local processes.

    ``progress`` is told what tasks report from inside.
    """
    return Serial(progress) if workers <= 1 else Processes(workers, progress)
