"""Run tasks on a Dask cluster: one future a task, done again elsewhere when its worker is lost."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from finsim.engine.executors.cluster_address import LOCAL
from finsim.engine.executors.waiting_tasks import Node, in_order_of_need
from finsim.errors import FinsimError, ResumeError, StudyError
from finsim.extras import load
from finsim.provenance.environment import numeric_versions

Task = TypeVar("Task", bound=Node)
Result = TypeVar("Result")

RETRIES = 3
"""How often a task is done again that failed because a worker was lost."""
_CONNECT_SECONDS = 15
_NEEDS_BOKEH = "" if find_spec("bokeh") else " (it shows more with `pip install bokeh`)"
_ALONE = threading.Lock()
"""Tasks of one process go one after the other: limits on numeric threads are those of a process."""
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class Cluster:
    """The workers of a scheduler at ``address``, or ``local:N`` workers of this machine, which end with it.

    ``say`` is told where the dashboard is. Raises StudyError when nobody answers at the address, and
    when workers have other versions than this process or do not see its files.
    """

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self._distributed = load("distributed", "cluster")
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # lost workers are told in our words
        local = LOCAL.fullmatch(address)
        self._own: Any = None
        self._closed = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a port that is taken is no fault of the run
            if local is not None:
                self._own = self._distributed.LocalCluster(
                    n_workers=int(local[1]), threads_per_worker=1, processes=True, memory_limit=0,
                    host="127.0.0.1", env=_ONE_THREAD, silence_logs=logging.CRITICAL,
                    dashboard_address="127.0.0.1:0",
                )  # fmt: skip
            try:
                self._client = self._distributed.Client(
                    address if self._own is None else self._own, timeout=_CONNECT_SECONDS
                )
            except (OSError, TimeoutError, ValueError) as refused:
                raise _nobody(address, refused) from None
        say(f"dashboard of the cluster: {self._client.dashboard_link}{_NEEDS_BOKEH}")

    def run(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Yield every task with ``work(task)`` as it finishes; the scheduler starts the first that may.

        Raises ResumeError when workers are lost again and again; finished tasks are kept on disk.
        """
        if not tasks:
            return
        self._refuse_workers(tasks)
        futures: dict[str, Any] = {}
        for place, task in enumerate(in_order_of_need(tasks)):
            futures[task.key] = self._client.submit(
                _after, work, task, *[futures[need] for need in task.needs if need in futures],
                key=_name(task), retries=RETRIES, priority=-place, pure=False,
            )  # fmt: skip
        named = {future.key: key for key, future in futures.items()}
        known = {task.key: task for task in tasks}
        try:
            for future in self._distributed.as_completed(list(futures.values())):
                found = future.result()
                if isinstance(found, Refused):
                    raise found.error
                yield known[named[future.key]], found
        except (self._distributed.KilledWorker, self._distributed.CancelledError, OSError) as lost:
            if isinstance(lost, OSError) and not isinstance(lost, TimeoutError | ConnectionError):
                raise  # what the system refused a task
            raise _died() from None
        finally:
            self._client.cancel(list(futures.values()), force=True)

    def _refuse_workers(self, tasks: Sequence[Task]) -> None:
        """Raise StudyError where workers are none, or would not do what this process does."""
        run = str(getattr(tasks[0], "run", "."))
        try:
            found: dict[str, tuple[bool, dict[str, str]]] = self._client.run(_sees, run)
        except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as bad:
            raise _unfit(f"its workers have no finsim ({type(bad).__name__})", "install it there") from None
        if not found:
            raise _unfit("it has no workers", "start one: dask worker HOST:PORT")
        blind = [name for name, (sees, _) in found.items() if not sees]
        if blind:
            raise _unfit(
                f"the worker {blind[0]} does not see {run} ({len(blind)} of {len(found)})",
                "write -o to a folder that all workers mount under the same path",
            )
        mine = numeric_versions()
        other = {name: versions for name, (_, versions) in found.items() if versions != mine}
        if other:
            name, versions = next(iter(other.items()))
            kinds = [f"{one} {versions.get(one, 'none')} (here {mine.get(one, 'none')})" for one in sorted(
                {*versions, *mine}) if versions.get(one) != mine.get(one)]  # fmt: skip
            raise _unfit(f"the worker {name} has {', '.join(kinds)}", "install the same versions everywhere")

    def stop(self) -> None:
        """Drop what waits, and end the workers that this process started."""
        self._close(timeout=1)

    def close(self) -> None:
        """Leave the cluster; the workers of this machine end."""
        self._close(timeout=10)

    def _close(self, timeout: float) -> None:
        if self._closed:
            return
        self._closed = True
        self._client.close(timeout=timeout)
        if self._own is not None:
            self._own.close(timeout=timeout)


@dataclass(frozen=True)
class Refused:
    """The error of a task that would be the same at every further try."""

    error: FinsimError


def _after(work: Callable[[Any], Any], task: Any, *needed: Any) -> Any:
    """Do a task once those it needs are finished; what they returned is not used: they wrote files."""
    refused = next((one for one in needed if isinstance(one, Refused)), None)
    if refused is not None:
        return refused
    with _ALONE:
        try:
            return work(task)
        except FinsimError as error:
            return Refused(error)


def _name(task: Any) -> str:
    """Return the name of a task on the dashboard: what it does, and in which run."""
    return f"{task.key} of {Path(task.run).name} in {Path(task.run).parent}"


def _sees(run: str) -> tuple[bool, dict[str, str]]:
    """Return whether this worker sees a run, and the versions of what its bytes may depend on."""
    return os.path.isfile(os.path.join(run, ".finsim", "plan.json")), dict(numeric_versions())


def _nobody(address: str, refused: Exception) -> StudyError:
    said = str(refused).splitlines()[0][:120] if str(refused) else type(refused).__name__
    return StudyError(
        f"no scheduler answers ({said})",
        place=f"--cluster {address}",
        expected="a Dask scheduler of the same version",
        remedy="start one with `dask scheduler`, or write --cluster local:4",
    )


def _unfit(found: str, remedy: str) -> StudyError:
    return StudyError(f"the cluster cannot do this: {found}", place="--cluster", remedy=remedy)


def _died() -> ResumeError:
    return ResumeError(
        "workers of the cluster were lost again and again (killed, or out of memory)",
        remedy="go on with fewer workers or more memory each",
    )
