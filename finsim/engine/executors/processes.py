"""Run tasks in a pool of spawned local processes, one numeric thread each."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from finsim.errors import ResumeError

Task = TypeVar("Task")
Result = TypeVar("Result")

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def _follow_parent() -> None:
    """End this worker when the run's own process is gone, so that a killed run leaves nobody writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()


class Processes:
    """A pool of ``workers`` spawned processes; a task goes to whichever is free."""

    def __init__(self, workers: int) -> None:
        before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent)
            list(self._pool.map(abs, range(workers)))
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield ``work(task)`` for every task, in order.

        Raises ResumeError when a worker dies; finished tasks are kept on disk.
        """
        try:
            yield from self._pool.map(work, tasks)
        except BrokenProcessPool:
            raise ResumeError(
                "a worker process died (killed, or out of memory)",
                remedy="run `finsim run --resume DIR`, with fewer workers or a smaller study",
            ) from None

    def close(self) -> None:
        """Stop the workers; waiting tasks are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
