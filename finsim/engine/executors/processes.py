"""Run tasks in a pool of spawned local processes, one numeric thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from finsim.engine.executors.waiting_tasks import Node, WaitingTasks
from finsim.engine.task_progress import Report, at_most_every, report_always_to, silent
from finsim.errors import STOPS, ResumeError
from finsim.kept_memory import keep_memory

Task = TypeVar("Task", bound=Node)
Result = TypeVar("Result")

Reports = Any
"""A queue of (stage, done, total)."""
EVERY_SECONDS = 0.5
_PATIENCE = 1.0

_STOPS = (signal.SIGINT, signal.SIGTERM)
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def _begin(reports: Reports) -> None:
    """Send what tasks of this worker report to the run's own process, and end with it.

    Ctrl-C reaches every process of a terminal: the run's own decides. SIGTERM removes unfinished files.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    report_always_to(at_most_every(EVERY_SECONDS, lambda *said: reports.put(said)))
    _follow_parent()
    keep_memory()


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _follow_parent() -> None:
    """End this worker when the run's own process is gone, so that a killed run leaves nobody writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()


def _died() -> ResumeError:
    return ResumeError(
        "a worker process died (killed, or out of memory)",
        remedy="go on with fewer workers, or run a smaller study",
    )


@contextmanager
def _stopped_later() -> Iterator[None]:
    """Let signals wait while workers begin; they begin with these shut out, until they know what to do."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Processes:
    """A pool of ``workers`` spawned processes; the next task goes to whichever is free.

    ``progress`` is told, in the run's own process, what tasks report from inside.
    """

    def __init__(self, workers: int, progress: Report = silent) -> None:
        self._progress, self._count = progress, workers
        before = {name: os.environ.get(name) for name in _THREADS}
        others = set(multiprocessing.active_children())
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            context = multiprocessing.get_context("spawn")
            self._reports: Reports = context.SimpleQueue()
            self._pool = ProcessPoolExecutor(
                workers, mp_context=context, initializer=_begin, initargs=(self._reports,)
            )
            with _stopped_later():
                begun = [self._pool.submit(abs, number) for number in range(workers)]
            for one in begun:
                one.result()
            self._workers = set(multiprocessing.active_children()) - others
        except BrokenProcessPool:
            raise _died() from None
        except STOPS:  # a worker that has just begun would miss what goes now
            for worker in set(multiprocessing.active_children()) - others:
                worker.kill()
            raise
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def run(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Yield every task with ``work(task)`` as it finishes; a worker never holds a task that must wait.

        Raises ResumeError when a worker dies; finished tasks are kept on disk.
        """
        waiting: WaitingTasks[Task] = WaitingTasks(tasks)
        under_way: dict[Future[Result], Task] = {}
        try:
            while waiting or under_way:
                while len(under_way) < self._count and (task := waiting.next()) is not None:
                    under_way[self._pool.submit(work, task)] = task
                ended, _ = wait(under_way, timeout=EVERY_SECONDS, return_when=FIRST_COMPLETED)
                self._pass_on()
                for future in sorted(ended, key=lambda one: tasks.index(under_way[one])):
                    task = under_way.pop(future)
                    result = future.result()
                    waiting.finished(task.key)
                    yield task, result
        except BrokenProcessPool:
            raise _died() from None

    def _pass_on(self) -> None:
        while not self._reports.empty():
            self._progress(*self._reports.get())

    def stop(self) -> None:
        """End the workers: asked first, so that they remove unfinished files, killed after a second."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.terminate()
        until = time.monotonic() + _PATIENCE
        for worker in self._workers:
            worker.join(max(until - time.monotonic(), 0))
            worker.kill()

    def close(self) -> None:
        """Stop the workers; waiting tasks are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
