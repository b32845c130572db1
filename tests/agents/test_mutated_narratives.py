"""Mutated narratives are refused, or they run to the end: no other exception, nothing endless."""

import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from file_mutants import MISTAKES, SPELLINGS, mutants, wild
from file_mutants import shipped as shipped_files

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.population.population import build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.errors import FinsimError
from finsim.randomness import Streams

STORIES = [one for one in shipped_files() if one[0] == "narrative"]


def outcome(name: str, data: Any, folder: Path, post: bool) -> str:
    """Return `refused` or `ran`; any other exception is the test's failure."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    try:
        (story,) = load_narratives([str(path)])
        settings = Settings(accounts=500, days=20, narratives=(NarrativeUse(str(path), count=2),))
        if post:
            simulate(settings, Streams(1))
        else:
            population = build_population(settings, Streams(1))
            scheme_orders(population, [story], settings, Streams(1), unstressed(settings))
    except FinsimError as refused:
        return "refused" if all(one.place for one in refused.problems) else "refused without a place"
    return "ran"


def _seen(count: int, seed: int, folder: Path, post: bool) -> set[str]:
    rng = random.Random(seed)
    found = set()
    for mutant in mutants(STORIES, count // 2, seed, [*MISTAKES, *SPELLINGS]):
        found.add(outcome(mutant.name, mutant.data, folder, post))
    for _ in range(count // 2):
        _, name, data = rng.choice(STORIES)
        changed = deepcopy(data)
        for _ in range(rng.choice((1, 1, 2))):
            wild(changed, rng)
        found.add(outcome(name, changed, folder, post))
    return found


def test_some_mutants(tmp_path: Path) -> None:
    assert _seen(60, 5, tmp_path, post=False) == {"refused", "ran"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_mutants(tmp_path: Path, seed: int) -> None:
    assert _seen(1_000, seed, tmp_path, post=True) == {"refused", "ran"}
