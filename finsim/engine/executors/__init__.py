"""Executors: where tasks run. Results never depend on which one is chosen.

Others import ``executor`` and ``refuse_cluster``.
"""

from __future__ import annotations

from collections.abc import Callable

from finsim.engine.executors.cluster_address import refuse_cluster
from finsim.engine.executors.executor import Executor
from finsim.engine.executors.processes import Processes
from finsim.engine.executors.serial import Serial
from finsim.engine.task_progress import Report, silent

__all__ = ["Executor", "executor", "refuse_cluster"]


def executor(
    workers: int,
    progress: Report = silent,
    cluster: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Executor:
    """Return the workers of a cluster, else a serial executor for one worker, else a pool of local processes.

    ``say`` is told where a cluster shows what it does, ``progress`` what tasks report from inside. Where the
    system has no room for what workers share (semaphores in /dev/shm) progress is told so, and the work is
    done by this process.
    """
    if cluster is not None:
        from finsim.engine.executors.cluster import Cluster

        return Cluster(cluster, say)
    if workers <= 1:
        return Serial(progress)
    try:
        return Processes(workers, progress)
    except (OSError, ImportError):  # ImportError: a Python that was built without semaphores
        progress("local workers need /dev/shm (semaphores); going on with one", 0, 1)
        return Serial(progress)
