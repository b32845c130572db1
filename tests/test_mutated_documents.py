"""Mutated scenarios, studies, rule packs and schemas are refused with a place, or they do their work."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from file_mutants import LOADERS, MISTAKES, SPELLINGS, mutants, shipped, wild

import finsim
from finsim import scenarios
from finsim.errors import FinsimError
from finsim.records.calendar import Clock

CLOCK = Clock(date(2025, 12, 31), 252, 1, 12)


def _driven(path: Path) -> None:
    found = scenarios.drivers(scenarios.load(str(path)), CLOCK)
    scenarios.measure(found)


def _planned(path: Path) -> None:
    finsim.plan(path)


WORK: dict[str, Callable[[Path], Any]] = {
    "scenario": _driven,
    "study": _planned,
    "rules": lambda path: LOADERS["rules"](str(path)),
    "schema": lambda path: LOADERS["schema"](str(path)),
}


def _seen(kind: str, count: int, seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return `refused` and `right` as met; any other exception is the test's failure."""
    monkeypatch.chdir(folder)
    files = [one for one in shipped() if one[0] == kind]
    found = set()
    for mutant in mutants(files, count, seed, [*MISTAKES, *SPELLINGS, wild]):
        path = folder / f"{mutant.name}.yaml"
        path.write_text(yaml.safe_dump(mutant.data, sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            WORK[kind](path)
        except FinsimError as refused:
            found.add("refused" if all(one.place for one in refused.problems) else f"no place: {refused}")
        else:
            found.add("right")
        path.unlink()  # a scenario finds its parent beside it
    return found


@pytest.mark.parametrize(("kind", "count"), [("scenario", 20), ("rules", 20), ("schema", 40)])
def test_some_mutants(kind: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _seen(kind, count, 5, tmp_path, monkeypatch) == {"refused", "right"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count", "seed"),
    [
        ("scenario", 5_000, 1),
        ("scenario", 5_000, 2),
        ("study", 2_000, 3),
        ("rules", 3_000, 4),
        ("schema", 3_000, 5),
    ],
)
def test_mutants(kind: str, count: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _seen(kind, count, seed, tmp_path, monkeypatch) == {"refused", "right"}


def test_a_horizon_written_as_a_decimal_is_compared_with_its_paths(tmp_path: Path) -> None:
    text = Path(scenarios.__file__).parents[2].joinpath("scenarios/stress/bond-rout-1994.yaml").read_text()
    path = tmp_path / "bond-rout-1994.yaml"
    path.write_text(text.replace("horizon: {length: 5,", "horizon: {length: 7.0,"))
    with pytest.raises(FinsimError, match="has 5 values but horizon"):
        scenarios.load(str(path))
