"""Wrong arguments of a call are told in finsim's own words, and are TypeErrors still."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import finsim
from finsim.call_errors import CallError, public
from finsim.errors import FinsimError

FUNCTIONS = [name for name in finsim.__all__ if inspect.isfunction(getattr(finsim, name))]


@public
def _kept(first: int, second: int = 2, *, third: str = "") -> tuple[int, int, str]:
    """Return its arguments; with a text for ``first``, fail inside."""
    return first + 0, second, third


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_names_a_keyword_that_it_does_not_have(name: str) -> None:
    function = getattr(finsim, name)
    known = list(inspect.signature(function).parameters)
    wrong = known[0] + "x" if known else "sed"
    with pytest.raises(CallError, match=f"finsim.{function.__name__}: no keyword '{wrong}'") as caught:
        function(**{wrong: 1})
    assert isinstance(caught.value, FinsimError)
    assert isinstance(caught.value, TypeError)
    first = caught.value.problems[0]
    assert all(word in first.expected for word in known)
    if known:
        assert f"'{known[0]}'" in first.remedy
    home = importlib.import_module(function.__module__)
    assert getattr(home, function.__qualname__) is function  # other processes find it by its name


@pytest.mark.parametrize(
    ("call", "found", "remedy"),
    [
        (lambda: finsim.sample("m", n=3), "no keyword 'n'", "did you mean 'paths'?"),
        (lambda: finsim.fit("a.csv", random_state=1), "no keyword 'random_state'", "did you mean 'seed'?"),
        (lambda: finsim.sample(), "model is missing", "write model=..."),
        (lambda: finsim.simulate(10, 2), "2 arguments without a keyword", "write accounts=..., days=..."),
        (lambda: finsim.evaluate("a", "b", real="c"), "real is given twice", "remove one"),
        (lambda: finsim.run("tiny", out="x"), "no keyword 'out'", "did you mean 'output'?"),
    ],
)
def test_slips_of_a_first_week(call: Callable[[], Any], found: str, remedy: str) -> None:
    with pytest.raises(CallError) as caught:
        call()
    assert caught.value.problems[0].found.startswith(found)
    assert caught.value.problems[0].remedy == remedy


def test_all_slips_are_told_at_once() -> None:
    with pytest.raises(CallError) as caught:
        _kept(1, 2, 3, 4, firt=1, third="x")  # type: ignore[call-arg, misc]
    assert [one.found for one in caught.value.problems] == [
        "no keyword 'firt'",
        "4 arguments without a keyword",
    ]
    with pytest.raises(CallError, match="first is missing"):
        _kept(second=1)  # type: ignore[call-arg]


def test_what_goes_wrong_inside_stays_what_it_is() -> None:
    assert _kept(1, third="x") == (1, 2, "x")
    with pytest.raises(TypeError) as caught:
        _kept("a")  # type: ignore[arg-type]
    assert not isinstance(caught.value, FinsimError)


def test_a_function_that_fails_inside_is_called_once() -> None:
    calls = []

    @public
    def failing(first: int) -> None:
        calls.append(first)
        raise TypeError("inside")

    with pytest.raises(TypeError, match=r"^inside$"):
        failing(3)
    assert calls == [3]


def test_methods_are_told_as_they_are_called() -> None:
    with pytest.raises(CallError, match=r"to_pandas: no keyword 'unit'; expected .*money=") as caught:
        finsim.Transactions.to_pandas(object(), unit="cents")  # type: ignore[call-arg, arg-type]
    assert caught.value.problems[0].place.endswith(".to_pandas")
