"""What a run says when it is stopped: by a signal, by the user, by what the system refuses."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from finsim.errors import STOPS, FinsimError, StopSignal
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.outputs import remove_leftovers

RESUME = "finsim run --resume"


@contextmanager
def noting_stops(folder: Path, study: str, log: AuditLog, place: str = "") -> Iterator[None]:
    """Note on whatever stops a run the command that continues it, and in the log that it was stopped.

    Unfinished pieces are removed. The note begins with ``finsim run --resume``; ``place`` is where the run
    lies for its user, where that is not the folder.
    """
    again = f"{RESUME} {shlex.quote(place or str(folder))}"
    try:
        yield
    except STOPS as stop:
        signal = stop.signal if isinstance(stop, StopSignal) else 2
        with suppress(OSError, FinsimError):  # a full disk keeps nobody from stopping
            remove_leftovers(folder)
            log.append("run_stopped", study, {"signal": signal})
        stop.add_note(again)
        raise
    except (OSError, MemoryError, FinsimError) as refused:
        refused.add_note(again)
        raise
