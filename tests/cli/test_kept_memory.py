"""Which switches of the C library and of Arrow a process of finsim sets, and where it sets none."""

import ctypes
import os
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

from finsim.kept_memory import keep_memory

MB = 1 << 20
POOL = "ARROW_DEFAULT_MEMORY_POOL"
once = keep_memory.__wrapped__


class Switches:
    """Stands for the C library and Arrow: notes what is set."""

    def __init__(self, answer: int = 1) -> None:
        self.set: list[tuple[int, int]] = []
        self.pools: list[str] = []
        self.answer = answer

    def mallopt(self, number: int, value: int) -> int:
        self.set.append((number, value))
        return self.answer

    def pool(self, pool: pa.MemoryPool) -> None:
        self.pools.append(pool.backend_name)


@pytest.fixture
def switches(monkeypatch: pytest.MonkeyPatch) -> Switches:
    found = Switches()
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES", POOL):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: found)
    monkeypatch.setattr(pa, "set_memory_pool", found.pool)
    return found


def test_blocks_stay_and_arrow_takes_them(switches: Switches) -> None:
    assert once() is True
    assert switches.set == [(-3, 32 * MB), (-1, 256 * MB)]  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
    assert switches.pools == ["system"]
    assert POOL not in os.environ


def test_a_worker_keeps_memory_too(switches: Switches, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.delitem(sys.modules, "pyarrow")
        assert once() is True
    assert (os.environ[POOL], switches.pools) == ("system", [])
    assert once() is True  # the worker inherits the variable
    assert (len(switches.set), switches.pools) == (4, ["system"])


@pytest.mark.parametrize(
    "chosen", ["MALLOC_MMAP_THRESHOLD_=1", "MALLOC_TRIM_THRESHOLD_=1", "GLIBC_TUNABLES=x", f"{POOL}=mimalloc"]
)
def test_who_chose_in_the_environment_keeps_that(
    switches: Switches, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setenv(*chosen.split("="))
    assert once() is False
    assert (switches.set, switches.pools) == ([], [])


@pytest.mark.parametrize("why", [OSError, TypeError, "no switch", "refused"])
def test_other_systems_keep_their_own_way(
    switches: Switches, monkeypatch: pytest.MonkeyPatch, why: type[Exception] | str
) -> None:
    def library(name: str | None) -> object:
        if isinstance(why, str):
            return SimpleNamespace() if why == "no switch" else Switches(answer=0)
        raise why

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert once() is False
    assert switches.pools == []
    assert POOL not in os.environ
