"""Runs that are killed at one of their file operations, in a process of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from finsim.engine.finished_tasks import Done, is_started
from finsim.engine.tasks import Task, perform
from finsim.errors import FinsimError

OPERATIONS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.chmod"}
WORKER_AT = "FINSIM_TEST_CRASH_AT"
KILLED = 77


def is_operation(event: str, given: tuple[object, ...]) -> bool:
    """Tell whether an audited event changes files of a run; ``open`` counts when it writes."""
    if event == "open":
        flags = given[2] if len(given) > 2 and isinstance(given[2], int) else 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) and "/run" in str(given[0])
    return event in OPERATIONS and "/run" in str(given[0])


def killed_at(number: int) -> list[int]:
    """End this process before its file operation of that number (from 1; 0: never); count them."""
    count = [0]

    def hook(event: str, given: tuple[object, ...]) -> None:
        if is_operation(event, given):
            count[0] += 1
            if count[0] == number:
                os._exit(KILLED)

    sys.addaudithook(hook)
    return count


def apart(act: Callable[[], object]) -> int:
    """Do something in a fork of this process, and return its exit code: 0, 1 for an error, or KILLED."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        except FinsimError as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:  # whatever it was: a fork never goes on with the tests
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


_HOOKED: list[int] = []


def perform_or_die(task: Task) -> Done:
    """Do a task in a worker that dies at one of its file operations, as the environment says."""
    number = int(os.environ.get(WORKER_AT, "0"))
    if number and not _HOOKED:
        _HOOKED.extend(killed_at(number))
    return perform(task)


def began(run: Path) -> bool:
    """Tell whether a killed run left a plan, and so can be resumed."""
    return is_started(run)
