"""Ctrl-C and SIGTERM end a command alike, within three seconds: files are tidied, the next step is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from finsim.errors import StopSignal

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 2.5  # seconds until a command that does not end (deep in compiled code) is ended


@contextmanager
def stopping(last_words: Callable[[int], object] = lambda number: None) -> Iterator[None]:
    """Turn the first signal that stops a command into a StopSignal; a second one ends it at once.

    ``last_words(signal)`` is called, from another thread, where the command has not ended in time. Outside of
    the main thread (a command called from Python) signals are left as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    told = threading.Event()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    waker = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def stop(number: int, frame: FrameType | None) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        raise StopSignal(number)

    threading.Thread(target=_watch, args=(reader, told, last_words), daemon=True).start()
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:  # `nohup`, and jobs in the background, ignore Ctrl-C
            signal.signal(number, stop)
    try:
        yield
    finally:
        told.set()
        signal.set_wakeup_fd(waker)
        for number in SIGNALS:
            with suppress(TypeError):  # None: set by a program that embeds Python
                signal.signal(number, before[number])
        os.close(writer)


def _watch(reader: int, told: threading.Event, last_words: Callable[[int], object]) -> None:
    """Wait for a signal; end the process when it has not ended in time after one.

    Python calls its handlers between two of its own instructions, so never while a long kernel runs; this
    pipe is written to by the system's handler itself.
    """
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        found = pipe.read(1)
    if found and found[0] in SIGNALS and not told.wait(PATIENCE):
        last_words(found[0])
        os._exit(128 + found[0])
