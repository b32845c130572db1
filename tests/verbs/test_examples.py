"""Every example in a docstring of a public name runs and says what it says it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import finsim

pytestmark = pytest.mark.sweep

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def public(name: str) -> Any:
    """The public name from its home: ``finsim.report`` is the room of that name once it is imported."""
    module, _, other = finsim._HOMES[name].partition(":")
    return getattr(importlib.import_module(module), other or name)


def examples(name: str) -> Iterator[doctest.DocTest]:
    """The examples of a public name, and of the methods that it defines."""
    value = public(name)
    texts = [(name, inspect.getdoc(value))]
    if inspect.isclass(value):
        texts += [
            (f"{name}.{key}", inspect.getdoc(item)) for key, item in vars(value).items() if key[0] != "_"
        ]
    for label, text in texts:
        found = doctest.DocTestParser().get_doctest(text or "", {}, label, None, 0)
        if found.examples:
            yield found


@pytest.fixture(scope="session")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the finished run that the examples open as a reader's own: 200 loans."""
    loans = {"data": "german_credit", "loans": 200, "months": 12, "draws": 5000}
    study = finsim.study(credit=loans, evaluation={"enabled": False})
    return Path(finsim.run(study, output=tmp_path_factory.mktemp("runs") / "mine", progress=False).path)


@pytest.mark.parametrize("name", finsim.__all__)
def test_every_public_name_has_a_short_example_that_runs(
    name: str, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owned in ("mine", "other"):
        shutil.copytree(mine, tmp_path / "runs" / owned)
    monkeypatch.chdir(tmp_path)
    found = list(examples(name))
    if name not in WITHOUT:
        assert found, f"{name} has no example"
    for test in found:
        lines = [line for one in test.examples for line in one.source.splitlines()]
        assert len(lines) <= 7, f"{test.name}: {len(lines)} lines"
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        said: list[str] = []
        runner.run(test, out=said.append)
        assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_a_wrong_example_fails() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(optionflags=FLAGS).run(test, out=lambda text: None).failed == 1


@pytest.mark.parametrize("name", finsim.__all__)
def test_every_function_says_arguments_result_errors_and_example(name: str) -> None:
    value = public(name)
    if inspect.isclass(value):
        return
    doc = inspect.getdoc(value) or ""
    heads = ["Returns:", "Raises:", "Example:"] + (["Args:"] if inspect.signature(value).parameters else [])
    assert not [head for head in heads if f"\n{head}" not in doc]
    told = doc.partition("\nArgs:")[2].partition("\nReturns:")[0]
    assert not [word for word in inspect.signature(value).parameters if f"\n    {word}: " not in told]


WITHOUT = {"Paths", "Portfolio", "Transactions", "Scorecard"}
"""Records whose displays bring their examples."""
