"""A model whose card was edited and signed again is refused by name or works; never a fault."""

import csv
import json
import random
import shutil
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from model_edits import edited

import finsim
from finsim.errors import FitError
from finsim.records.storage import canonical_json, digest_text

pytestmark = pytest.mark.sweep

SIZES: Mapping[str, dict[str, int]] = {
    "bars": {"paths": 2, "steps": 5},
    "table": {"rows": 20},
    "events": {"entities": 3, "days": 3},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("models")
    rng = random.Random(1)
    with (home / "events.csv").open("w") as file:
        rows = csv.writer(file)
        rows.writerow(["card_id", "when", "amount", "shop"])
        for card in range(30):
            when = datetime(2026, 1, 1)
            for _ in range(9):
                when += timedelta(hours=rng.randrange(1, 60))
                rows.writerow(
                    [f"c{card}", when.isoformat(), rng.randrange(100, 999) / 100, rng.choice("abc")]
                )
    finsim.fit(
        finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", output=home / "bars", progress=False
    )
    finsim.fit(finsim.example_data("german_credit"), "bayes", output=home / "table", progress=False)
    finsim.fit(
        home / "events.csv", "habits", id="card_id", time="when", output=home / "events", progress=False
    )
    return {kind: home / kind for kind in SIZES}


def outcome(model: Path, kind: str, said: str) -> str:
    told = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            finsim.sample(model, progress=False, seed=1, **SIZES[kind])
    except finsim.FinsimError as error:
        told = str(error)
    assert not told or str(model) in told, said
    return "refused" if told else "fine"


def test_whole_models_pass_their_trial(models: dict[str, Path]) -> None:
    assert [outcome(path, kind, "") for kind, path in models.items()] == ["fine"] * 3


def test_edited_models_are_refused_or_work(models: dict[str, Path], tmp_path: Path) -> None:
    tell(models, tmp_path, 36)


@pytest.mark.slow
def test_five_hundred_edits(models: dict[str, Path], tmp_path: Path) -> None:
    tell(models, tmp_path, 500)


def tell(models: dict[str, Path], folder: Path, count: int) -> None:
    kinds = list(models)
    found = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        copy, said = edited(models[kind], folder, random.Random(number))
        found.append(outcome(copy, kind, said))
    assert {"refused", "fine"} <= set(found)


@pytest.mark.parametrize("part", ["generator", "facts", "report", "versions", "extra", "weights_sha256"])
def test_a_part_of_another_type_is_named(models: dict[str, Path], tmp_path: Path, part: str) -> None:
    shutil.copytree(models["bars"], tmp_path / "m")
    card = json.loads((tmp_path / "m/model.json").read_text())
    del card["card_sha256"]
    card[part] = 7
    card["card_sha256"] = digest_text(canonical_json(card))
    (tmp_path / "m/model.json").write_text(json.dumps(card))
    with pytest.raises(FitError, match=f"{part} is missing or of another type"):
        finsim.sample(tmp_path / "m", progress=False)


def test_weights_may_be_read_by_whoever_may_read_the_rest(models: dict[str, Path]) -> None:
    modes = {file.stat().st_mode & 0o777 for folder in models.values() for file in folder.iterdir()}
    assert len(modes) == 1
