"""The compiled walk is the plain one, bit for bit; what excites a flow is found again in it."""

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from finsim.kernels import kernel as flags
from finsim.kernels import xoshiro
from finsim.kernels.books import book_state as k
from finsim.markets.books import book_walk
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.excitation import fitted_branching
from finsim.markets.books.flow_law import COIN, STOCK, FlowLaw
from finsim.markets.books.kernel_law import Scales, hawkes, kernel_law, settled
from finsim.randomness import Streams

BOOKS = "finsim.kernels.books"
PARTS = ("order_queues", "tape_rows", "order_choices", "arrivals", "executions", "session_walk")


def plain(name: str) -> ModuleType:
    """Load a module of kernels again, as it is now patched: nothing is compiled."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def plain_walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the session's module with every kernel of books a plain function."""
    for word in ("kernel", "bare_kernel", "inlined_kernel"):
        monkeypatch.setattr(flags, word, lambda function: function)
    monkeypatch.setattr(xoshiro, "next_uniform", lambda words: float(compiled_uniform(words)))
    before = {f"{BOOKS}.{part}": sys.modules[f"{BOOKS}.{part}"] for part in PARTS}
    compiled_uniform = before[f"{BOOKS}.arrivals"].next_uniform
    *_, walk = (plain(name) for name in before)
    yield walk
    sys.modules.update(before)
    package = sys.modules[BOOKS]
    for name, module in before.items():
        setattr(package, name.rpartition(".")[2], module)


@pytest.mark.parametrize("law", [STOCK, COIN], ids=["stock", "coin"])
def test_the_compiled_walk_is_the_plain_one(
    law: FlowLaw, plain_walk: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = TickBar(0.0, 3_600.0, 2_000, 2_009, 1_990, 2_001, 90_000)
    plan = DayPlan((bar,), law, volatility=20.0, events=300, levels=2)
    (fast,) = walk_day(plan, Streams(5))
    for word in ("build_book", "walk_bar"):
        monkeypatch.setattr(book_walk, word, getattr(plain_walk, word))
    (slow,) = walk_day(plan, Streams(5))
    assert len(fast.rows) > 200
    assert fast.rows.tobytes() == slow.rows.tobytes()
    assert fast.book.tobytes() == slow.book.tobytes()


def test_the_fit_finds_what_excites_a_flow() -> None:
    random, times, kinds = np.random.default_rng(1), [], []
    queue = [(at, int(kind)) for at, kind in zip(np.sort(random.uniform(0, 2_000, 2_000)),
                                                 random.integers(0, 6, 2_000), strict=True)]  # fmt: skip
    while queue:  # every arrival has 0.4 children of its kind, a tenth of a mean time later
        at, kind = queue.pop()
        times.append(at)
        kinds.append(kind)
        queue += [(at + wait, kind) for wait in random.exponential(0.1, random.poisson(0.4))]
    order = np.argsort(times)
    found = fitted_branching(np.array(times)[order], np.array(kinds)[order], (10.0, 0.3, 0.01))
    own, other = np.array(found).T
    assert own[0] == pytest.approx(0.4, abs=0.05)
    assert own[1:].sum() < 0.05
    assert 6 * other.sum() < 0.05


@pytest.mark.parametrize("law", [STOCK, COIN], ids=["stock", "coin"])
def test_a_flow_has_its_rate_and_begins_with_its_mean_excitation(law: FlowLaw) -> None:
    base, jumps, decays = hawkes(law, 3.0)
    branching = (jumps / decays[:, None, None]).sum(axis=0)
    mean = np.linalg.solve(np.eye(k.TYPES) - branching.T, base)
    assert mean.sum() == pytest.approx(3.0)
    assert mean[k.BUY] / mean.sum() == pytest.approx(law.market / 2)
    begun = settled(kernel_law(law, Scales(10.0, 50.0, 3.0), book_walk.Liquidity(), True))
    assert base + begun.sum(axis=0) == pytest.approx(mean)
