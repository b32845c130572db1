"""``fit`` with an epsilon: the claim in the answer and in the model, and calls that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import finsim
from finsim.cli.main import app
from finsim.errors import PrivacyBudgetError, StudyError

pytestmark = pytest.mark.sweep

PRICES = "wiki_aapl_ibm_2000_2013"
SECRET = 2**60 + 12_345


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, finsim.Body]:
    folder = tmp_path_factory.mktemp("private") / "model"
    prices = finsim.example_data(PRICES)
    return folder, finsim.fit(prices, epsilon=8, steps=6, seed=SECRET, output=folder, progress=False)


def test_the_model_carries_its_claim(model: tuple[Path, finsim.Body]) -> None:
    folder, body = model
    claim = body.facts()["privacy"]
    assert 7.5 < claim["epsilon"] <= 8.0
    assert (claim["delta"], claim["unit"]) == (1e-5, "one block of 10 consecutive steps")
    assert claim["entities"] == 326
    assert not claim["seed_guessable"]
    assert any("last close" in text for text in claim["not_counted"])
    assert json.loads((folder / "model.json").read_text())["report"]["privacy"] == claim
    assert f"epsilon {claim['epsilon']:.4g} at delta 1e-05" in str(body.card())
    assert finsim.sample(folder, 3, 40, progress=False).close.shape == (3, 40, 2)


def test_the_command_prints_the_claim(tmp_path: Path) -> None:
    prices = str(finsim.example_data(PRICES))
    arguments = [
        "fit",
        prices,
        "--epsilon",
        "9",
        "--delta",
        "1e-6",
        "--unit",
        "8 days",
        "--steps",
        "3",
        "-q",
    ]
    shown = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "model")])
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.output.split())
    for words in (
        "at delta 1e-06 for one block of 8 consecutive steps added or removed",
        "counted: ",
        "not counted: ",
        "assumed: the seed is secret",
        "warning: this seed can be guessed",
        "held-out score: not computed (a score on private data",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"epsilon": 0}, StudyError, "fit: epsilon"),
        ({"epsilon": "8"}, StudyError, "fit: epsilon"),
        ({"epsilon": 8, "delta": 0.5}, StudyError, "fit: delta"),
        ({"epsilon": 8, "unit": 21}, StudyError, "fit: unit"),
        ({"epsilon": 8, "cpu_seconds": 9}, StudyError, "fit: epsilon, cpu_seconds"),
        ({"epsilon": 8, "unit": "asset"}, PrivacyBudgetError, "fit: unit"),
        ({"epsilon": 8, "unit": "sequence"}, PrivacyBudgetError, "1 entities"),
        ({"epsilon": 8, "unit": "500 days"}, PrivacyBudgetError, "6 entities"),
        ({"epsilon": 8, "generator": "bootstrap"}, PrivacyBudgetError, "fit: epsilon"),
        ({"epsilon": 1}, PrivacyBudgetError, "326 entities of 10 channels are hidden"),
        ({"epsilon": 0.001, "steps": 50_000}, PrivacyBudgetError, "cannot be kept"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        finsim.fit(
            finsim.example_data(PRICES),
            progress=False,
            **{"steps": None if "cpu_seconds" in arguments else 3, **arguments},
        )  # type: ignore[arg-type]


@pytest.mark.slow
def test_without_an_epsilon_nothing_is_claimed() -> None:
    body = finsim.fit(finsim.example_data(PRICES), steps=2, progress=False)
    assert "privacy" not in body.facts()
    assert "epsilon" not in str(body.card())
