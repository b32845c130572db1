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

    ``progress`` is told what tasks report from inside. Where the system has no room for what workers share
    (semaphores in /dev/shm) it is told so, and the work is done by this process.
    """
    if workers <= 1:
        return Serial(progress)
    try:
        return Processes(workers, progress)
    except (OSError, ImportError):  # ImportError: a Python that was built without semaphores
        progress("local workers need /dev/shm (semaphores); going on with one", 0, 1)
        return Serial(progress)
