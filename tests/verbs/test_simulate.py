"""`simulate` makes what was asked for: exact numbers of schemes, own narratives, scenarios."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

import finsim
from finsim.agents.settings import DEFAULT_NARRATIVES, NarrativeUse, Settings
from finsim.agents.simulate import simulate as simulated
from finsim.cli.main import main
from finsim.randomness import Streams

SMALL = {"accounts": 400, "days": 20, "progress": False}


def told(world: finsim.Transactions) -> Counter[str]:
    return Counter(world.patterns["narrative"].to_pylist())


def test_schemes_are_counted_exactly_and_only_those_named_are_there() -> None:
    world = finsim.simulate(**SMALL, schemes={"account_takeover": 5, "payroll_fan_out": 2})
    assert told(world) == {"account_takeover": 5, "payroll_fan_out": 2}


def test_a_rate_and_a_count_stand_side_by_side() -> None:
    world = finsim.simulate(
        **SMALL, narrative={"card_testing_escalation": 20.0}, schemes={"account_takeover": 3}
    )
    assert told(world)["account_takeover"] == 3
    assert told(world)["card_testing_escalation"] > 3


def test_a_rate_is_in_the_unit_of_its_file_and_help_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """account_takeover counts schemes a person and year, a person by the current account."""
    world = finsim.simulate(**SMALL, narrative={"account_takeover": 10.0}, seed=2)
    accounts = world.accounts.to_pandas()
    people = accounts[accounts["kind"].astype(str) == "current"]
    expected = 10.0 * len(people) * SMALL["days"] / 365
    assert abs(told(world)["account_takeover"] - expected) < 4 * expected**0.5
    with pytest.raises(SystemExit):
        main(["simulate", "--help"])
    assert "in the unit of its file" in " ".join(capsys.readouterr().out.split())


def test_the_standard_narratives_are_used_when_none_is_named() -> None:
    world = finsim.simulate(accounts=2_000, days=60, seed=3, progress=False)
    assert set(told(world)) <= {use.name for use in DEFAULT_NARRATIVES}
    assert len(told(world)) >= 4


def test_a_scenario_raises_what_it_says() -> None:
    calm = finsim.simulate(**SMALL, schemes={"account_takeover": 20}, seed=1)
    wave = finsim.simulate(
        **SMALL, schemes={"account_takeover": 20}, scenario="fraud-wave-mule-surge", seed=1
    )
    none = finsim.simulate(
        **SMALL, schemes={"account_takeover": 20}, scenario="fraud-wave-mule-surge", severity=0.0, seed=1
    )
    assert told(wave)["account_takeover"] > told(calm)["account_takeover"] == 20
    assert none.rows.equals(calm.rows)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"schemes": {"account_takover": 3}}, "did you mean 'account_takeover'"),
        ({"schemes": {"account_takeover": 2.5}}, "whole number"),
        ({"schemes": {"account_takeover": -1}}, "0 or more"),
        ({"narrative": {"account_takeover": 0.1}, "schemes": {"account_takeover": 3}}, "rate and a count"),
        ({"scenario": "covid-2021"}, "did you mean 'covid-2020'"),
        ({"start": "2026-13-01"}, "2026-13-01"),
        ({"observed": {"card": {"foud": 0.5}}}, "simulate: observed: card.foud"),
        ({"observed": {"card": {"found": 2}, "cards": {}}}, "did you mean 'card'"),
        ({"observed": [0.5]}, "part -> rate -> value"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(
    call: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(finsim.FinsimError) as caught:
        finsim.simulate(**SMALL, **call, output=tmp_path / "world")
    assert words in str(caught.value)
    assert not (tmp_path / "world").exists()


def test_what_banks_see_follows_its_rates_and_changes_no_payment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {"accounts": 300, "days": 20, "schemes": {"lost_or_stolen_card": 8}, "progress": False}
    sure = {"card": {"found": 1, "upheld": "100%", "delay": 2}, "monitoring": {"false": 0}}
    usual, seen = finsim.simulate(**made), finsim.simulate(**made, observed=sure)
    told = ("known_on", "known_by", "card_id")  # a claim ends a card
    same = [name for name in usual.rows.column_names if name not in told]
    assert seen.rows.select(same).equals(usual.rows.select(same))
    frauds = seen.rows.filter(seen.rows["is_fraud"])
    posted = frauds.filter(pc.equal(frauds["status"], "posted"))
    assert posted["known_on"].null_count == 0 < posted.num_rows
    assert posted.num_rows <= seen.reports.num_rows > usual.reports.num_rows
    options = ["--accounts", "300", "--days", "20", "--schemes", "lost_or_stolen_card=8", "-q"]
    rates = ["card.found=1", "card.upheld=100%", "card.delay=2", "monitoring.false=0"]
    for rate in rates:
        options += ["--observed", rate]
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *options, "-o", str(tmp_path / "w")])
    assert ended.value.code == 0
    capsys.readouterr()
    assert pq.read_table(tmp_path / "w" / "reports.parquet").num_rows == seen.reports.num_rows
    assert "card delay 2" in (tmp_path / "w" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["card", "card.found", "card=1", ".found=1", "card.=1", "card.found= "])
def test_a_rate_without_its_name_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--observed", text, "-o", "w"])
    assert ended.value.code == 2
    assert "write --observed card.found=70%" in capsys.readouterr().err


def test_an_output_that_exists_is_kept(tmp_path: Path) -> None:
    with pytest.raises(finsim.FinsimError, match="the output exists"):
        finsim.simulate(**SMALL, output=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_world_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, told: object) -> None:
        raise OSError(28, "No space left on device", str(folder / "README.md"))

    monkeypatch.setattr("finsim.engine.simulate_transactions.write_world_card", full)
    with pytest.raises(OSError, match="No space left"):
        finsim.simulate(accounts=300, days=2, progress=False, output=tmp_path / "world")
    assert not list(tmp_path.iterdir())


def test_a_written_world_says_what_it_is(tmp_path: Path) -> None:
    made = {"schemes": {"account_takeover": 3}, "scenario": "covid-2020", "severity": 0.5, "seed": 9}
    texts = []
    for name, changes in (("one", {}), ("two", {}), ("other", {"seed": 10})):
        finsim.simulate(**SMALL, **{**made, **changes}, output=tmp_path / name)
        texts.append((tmp_path / name / "README.md").read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]
    header = yaml.safe_load(texts[0].split("---\n")[1])
    files = {one["config_name"]: one["data_files"] for one in header["configs"]}
    assert set(files.values()) == {file.name for file in (tmp_path / "one").glob("*.parquet")}
    rows = len(pd.read_parquet(tmp_path / "one" / files["patterns"]))
    assert f"| `patterns` | one row per scheme, decoys included: answers too | {rows} |" in texts[0]
    for words in (
        "seed: 9", "accounts: 400", "days: 20, from 2026-01-01", "account_takeover (3 schemes)",
        "covid-2020 at severity 0.5", "no input data", "presenting the data as real", "The labels lie apart",
    ):  # fmt: skip
        assert words in texts[0]


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_stories_weigh_as_much_beside_ordinary_life_in_every_currency(currency: str) -> None:
    """Sums of life and of narratives are the same numbers of smallest units, whatever the currency."""
    worlds = [
        simulated(
            Settings(
                accounts=300, days=15, currency=one, narratives=(NarrativeUse("account_takeover", count=6),)
            ),
            Streams(4),
        )
        for one in ("USD", currency)
    ]
    amounts = [world.rows["amount"].to_numpy() for world in worlds]
    assert (amounts[0] == amounts[1]).all()
    rows = worlds[1].to_pandas(money="units")
    schemes = rows["narrative"].notna()
    factor = {"JPY": 1.0, "KWD": 1_000.0}[currency]
    assert rows.loc[schemes, "amount"].median() == np.median(amounts[0][schemes]) / factor
