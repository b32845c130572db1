"""Kernels compiled in a thread of their own, one after the other, while the interpreter judges."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread, main_thread

from finsim.constraints.compiled.rule_compiler import Prepared
from finsim.errors import FinsimError


@dataclass
class _Queue:
    """What is asked for, by the name of the kernels, and what of it has still to be compiled."""

    asked: dict[Hashable, Future[bool]] = field(default_factory=dict)
    waiting: list[tuple[Prepared, Future[bool]]] = field(default_factory=list)
    is_at_work: bool = False
    lock: Lock = field(default_factory=Lock)


_queue = _Queue()


def compiled_later(wanted: Prepared) -> Future[bool]:
    """Return what comes to say whether kernels are on disk; asked for again it is the same, failed or not.

    A program that ends waits for the kernel that is being compiled, not for those that come after it.
    """
    name = wanted.name()
    with _queue.lock:
        if name not in _queue.asked:
            _queue.asked[name] = Future()
            _queue.waiting.append((wanted, _queue.asked[name]))
            if not _queue.is_at_work:
                _queue.is_at_work = True
                Thread(target=_work, name="finsim-kernels").start()
        return _queue.asked[name]


def _work() -> None:
    while True:
        with _queue.lock:
            if not _queue.waiting or not main_thread().is_alive():
                _queue.is_at_work = False
                return
            wanted, done = _queue.waiting.pop(0)
        is_there = False
        try:
            with suppress(OSError, FinsimError):  # a full disk, say: then the interpreter goes on
                wanted.compiled()
                is_there = True
        finally:
            done.set_result(is_there)
