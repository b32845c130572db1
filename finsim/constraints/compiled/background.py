"""Kernels compiled in a thread of their own, one after the other, while the interpreter judges."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future
from threading import Lock, Thread, main_thread

from finsim.constraints.compiled.rule_compiler import Prepared

_lock = Lock()
_asked: dict[Hashable, Future[None]] = {}
_waiting: list[tuple[Prepared, Future[None]]] = []
_worker: Thread | None = None


def compiled_later(wanted: Prepared) -> Future[None]:
    """Return what is done when the kernels are on disk; asked for again it is the same, failed or not.

    A program that ends waits for the kernel that is being compiled, not for those that come after it.
    """
    global _worker
    name = wanted.name()
    with _lock:
        if name not in _asked:
            _asked[name] = Future()
            _waiting.append((wanted, _asked[name]))
            if _worker is None:
                _worker = Thread(target=_work, name="finsim-kernels")
                _worker.start()
        return _asked[name]


def _work() -> None:
    global _worker
    while True:
        with _lock:
            if not _waiting or not main_thread().is_alive():
                _worker = None
                return
            wanted, done = _waiting.pop(0)
        try:
            wanted.compiled()
        except Exception as bad:  # a full disk, say: then the interpreter goes on
            done.set_exception(bad)
        else:
            done.set_result(None)
