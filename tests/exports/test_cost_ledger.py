"""The cost ledger against figures worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import finsim
from finsim.exports import model_card
from finsim.exports.cost_ledger import cost_ledger
from finsim.exports.run_facts import Prices, RunFacts

ROWS = {"bars": 600, "transactions": 4500, "labels": 4500, "loans": 100, "months": 3600}
MANIFEST: dict[str, Any] = {
    "cost": {"cpu_seconds": {"market": 500.0, "transactions": 90.0, "credit": 10.0, "evidence": 100.0}},
    "models": [{"world": "market", "training": {"cpu_seconds": 260.0}}],
    "outputs": [
        {"path": f"{name}/scenario={label}/{name}.parquet", "rows": rows}
        for label in ("base", "gfc-2008")
        for name, rows in ROWS.items()
    ],
}


def test_training_is_paid_once_and_records_by_the_piece() -> None:
    ledger = cost_ledger(MANIFEST)
    market, payments, loans = (ledger["worlds"][name] for name in ("market", "transactions", "credit"))
    # 500 s in all, 260 s of training: 240 s for 2 x 600 bars.
    assert (market["training_cpu_seconds"], market["making_cpu_seconds"]) == (260.0, 240.0)
    assert (market["records"], market["cpu_seconds_per_record"]) == (1200, 0.2)
    # Labels are no records of their own, nor are months.
    assert (payments["records"], payments["cpu_seconds_per_record"]) == (9000, 0.01)
    assert (loans["records"], loans["cpu_seconds_per_record"]) == (200, 0.05)
    assert ledger["judging_cpu_seconds"] == 100.0
    assert "fixed_cost" not in market


def test_money_and_break_even_by_hand() -> None:
    # 36 a CPU hour is 0.01 a second. Bars: fixed (260 + 100) * 0.01 = 3.60; a bar 0.2 * 0.01 = 0.002.
    market = cost_ledger(MANIFEST, Prices(0.102, 36.0, "EUR"))["worlds"]["market"]
    assert market["fixed_cost"] == pytest.approx(3.6)
    assert market["cost_per_record"] == pytest.approx(0.002)
    # 3.60 / (0.102 - 0.002) = 36 bars.
    assert market["break_even_records"] == 36
    assert market["break_even"] == "from 36 records on"


@pytest.mark.parametrize("price", [0.1, 0.102, 0.5, 1.0, 2.37])
def test_break_even_is_the_first_count_that_pays(price: float) -> None:
    line = cost_ledger(MANIFEST, Prices(price, 36.0))["worlds"]["market"]
    count = line["break_even_records"]

    def saved(n: int) -> float:
        return n * price - (line["fixed_cost"] + n * line["cost_per_record"])

    assert saved(count) >= -1e-9
    assert count == 1 or saved(count - 1) < 0


def test_a_real_record_that_is_cheaper_never_breaks_even() -> None:
    for price in (0.002, 0.001):
        line = cost_ledger(MANIFEST, Prices(price, 36.0))["worlds"]["market"]
        assert line["break_even_records"] is None
        assert line["break_even"].startswith("never")


def test_money_needs_a_price_and_break_even_needs_both() -> None:
    assert "break_even" not in cost_ledger(MANIFEST, Prices(cpu_hour=1.0))["worlds"]["market"]
    assert "fixed_cost" not in cost_ledger(MANIFEST, Prices(record=1.0))["worlds"]["market"]
    assert cost_ledger(MANIFEST)["currency"] == "not stated"


def test_a_run_without_models_evidence_or_worlds_has_a_ledger_too() -> None:
    assert cost_ledger({"cost": {"cpu_seconds": {}}, "models": [], "outputs": []})["worlds"] == {}
    bare = {**MANIFEST, "models": [], "cost": {"cpu_seconds": {"market": 12.0}}}
    line = cost_ledger(bare, Prices(1.0, 3600.0))["worlds"]["market"]
    assert line["fixed_cost"] == 0.0
    assert line["break_even_records"] == 1
    assert math.isclose(line["cost_per_record"], 0.01)


def test_the_card_states_units_and_prices(facts: Callable[..., RunFacts]) -> None:
    text = model_card.documents(facts(prices=Prices(0.5, 3600.0, "CHF")))[model_card.TEXT]
    cost = text.split("## Cost")[1].split("\n## ")[0]
    for told in (
        "CPU seconds of the machine",
        "3600 a CPU hour",
        "currency CHF",
        "0.5 a real record",
        "break-even",
    ):
        assert told in cost
    plain = model_card.documents(facts())[model_card.TEXT].split("## Cost")[1].split("\n## ")[0]
    assert "no money is stated" in plain
    assert "break-even" not in plain


def test_show_has_the_ledger_of_a_run(folder: Path) -> None:
    shown = finsim.show(folder).to_dict()["cost"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert shown == cost_ledger(manifest)
    assert set(shown["worlds"]) == {"market", "transactions", "credit"}
    training = manifest["models"][0]["training"]["cpu_seconds"]
    assert shown["worlds"]["market"]["training_cpu_seconds"] == training
