"""One file under a watch: how it ended, how long it took, and what is wrong with how it ended."""

from __future__ import annotations

import faulthandler
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from finsim.errors import FinsimError

SLOW, ENDLESS, STUCK = 5.0, 20.0, 240.0
"""CPU seconds above which a file is a fault and at which it is stopped; wall seconds that end the process."""
MEMORY = 4 * 2**30


class Endless(BaseException):
    """Raised by the timer in a file that does not end; no `except Exception` holds it up."""


class Wrong(Exception):
    """What was accepted is not right."""


@dataclass(frozen=True)
class Ending:
    """How a file ended: ``accepted`` or ``refused``, and the faults."""

    word: str
    seconds: float
    faults: tuple[str, ...] = ()


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise Endless("".join(traceback.format_stack(frame)[-3:]))


def begin() -> None:
    """Limit the memory of this process and set the timer's answer."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    signal.signal(signal.SIGPROF, _stop)


def watched(act: Callable[[], Any]) -> Ending:
    """Do one thing with a file; return how it ended."""
    faults: list[str] = []
    started = time.process_time()
    faulthandler.dump_traceback_later(STUCK, exit=True)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            signal.setitimer(signal.ITIMER_PROF, ENDLESS)
            act()
            word = "accepted"
        except FinsimError as error:
            word = "refused"
            faults += unhelpful(error)
        except Wrong as error:
            word = "accepted"
            faults.append(f"WRONG {error}")
        except Endless as error:
            word = "endless"
            faults.append(f"ENDLESS {error}")
        except Exception as error:  # the subject of this benchmark
            word = "other"
            faults.append(f"OTHER {type(error).__name__}: {str(error)[:160]}{_places(error)}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
    seconds = time.process_time() - started
    faults += sorted(
        {f"WARNING {one.filename}:{one.lineno} {one.category.__name__}: {one.message}" for one in said}
    )
    faults += [f"SLOW {seconds:.1f} s"] if seconds > SLOW and word != "endless" else []
    return Ending(word, seconds, tuple(faults))


def _places(error: BaseException) -> str:
    """Return the last places of a traceback, in one line."""
    found = traceback.extract_tb(error.__traceback__)
    own = [one for one in found if "finsim/" in one.filename][-3:] or found[-2:]
    return "".join(f" < {one.filename.rpartition('finsim/')[2]}:{one.lineno}" for one in reversed(own))


def unhelpful(error: FinsimError) -> list[str]:
    """Return what a refusal lacks: each problem needs a place, what was found, and what to do."""
    lacks = []
    for problem in error.problems:
        where = next((one for one in _places(error).split(" < ") if one), "")
        if not problem.place:
            lacks.append(f"NO PLACE {where} {problem.found[:120]}")
        if not problem.found:
            lacks.append(f"NOTHING FOUND {where} {problem.place}")
        if not problem.remedy and not problem.expected:
            lacks.append(f"NO REMEDY {where} {problem.found[:120]}")
    return lacks
