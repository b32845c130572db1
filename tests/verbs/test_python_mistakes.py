# ruff: noqa: E501  (a table reads best with one case a line)
"""The mistakes of a first week in Python: place, what was found, what was expected, an example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import finsim

pytestmark = pytest.mark.sweep

PARSER_WORDS = ("Input should", "pydantic", "Traceback", "object has no attribute", "Arrow schema")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A fitted model, a finished run, a table of bars."""
    folder = tmp_path_factory.mktemp("world")
    prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
    study = finsim.study(
        credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5_000},
        evaluation={"enabled": False},
    )
    bars = pd.DataFrame(
        {"date": ["2026-01-02"], "asset": ["A"], "open": [10.0], "high": [9.0], "low": [8.0], "close": [9.0],
         "volume": [100]}
    )  # fmt: skip
    body = finsim.fit(prices, "bootstrap", progress=False)
    run = finsim.run(study, output=folder / "run", progress=False)
    return SimpleNamespace(prices=prices, study=study, bars=bars, body=body, run=run, folder=folder)


Case = tuple[str, Callable[[Any], Any], str, str, str, str]

# what was done; how; place; what was found; what was expected; the example
MISTAKES: list[Case] = [
    ("a list for a frame", lambda w: finsim.fit([1, 2, 3]), "fit: data", "a list of 3", "a DataFrame", "pandas.DataFrame"),
    ("an array for a frame", lambda w: finsim.fit(np.ones((3, 2))), "fit: data", "a NumPy array", "a DataFrame", "pandas.DataFrame"),
    ("a series for a frame", lambda w: finsim.fit(pd.Series([1.0])), "fit: data", "a Series", "a DataFrame", "pandas.DataFrame"),
    ("None for data", lambda w: finsim.fit(None), "fit: data", "None", "a file", "finsim.fit('prices.csv')"),
    ("a run for prices", lambda w: finsim.fit(w.run), "fit: data", "a Run", "prices", "run.paths"),
    ("no date column", lambda w: finsim.fit(pd.DataFrame({"x": ["a"]}), "bootstrap"), "data frame", "columns are x", "date", "name the columns"),
    ("unknown generator", lambda w: finsim.fit(w.prices, "flwo"), "fit: generator", "'flwo'", "bootstrap, copula, daily_flow, events, flow", "did you mean 'flow'?"),
    ("a class for a generator", lambda w: finsim.fit(w.prices, dict), "fit: generator", "the class dict", "a name", "write 'daily_flow'"),
    ("two budgets", lambda w: finsim.fit(w.prices, steps=3, cpu_seconds=9), "fit: steps, cpu_seconds", "both", "one of them", "leave one out"),
    ("no such file", lambda w: finsim.fit("nowhere.csv"), "nowhere.csv", "no such file", "", "check the path"),
    ("output in use", lambda w: finsim.fit(w.prices, "bootstrap", output=w.folder), "world", "exists", "", "another name"),
    ("csv as a number", lambda w: finsim.fit(w.prices, csv=5), "fit: csv", "5", "KEY=VALUE", "csv='sep=;'"),
    ("schema as a dict", lambda w: finsim.fit(w.prices, schema={}), "fit: schema", "a mapping", "a schema file", "schema='prices.schema.yaml'"),
    ("paths=0", lambda w: finsim.sample(w.body, 0), "sample: paths", "0", "1 to 1e+08", "paths=100"),
    ("paths=10.5", lambda w: finsim.sample(w.body, 10.5), "sample: paths", "10.5", "a whole number", "paths=100"),
    ("paths='ten'", lambda w: finsim.sample(w.body, "ten"), "sample: paths", "'ten'", "a whole number", "paths=100"),
    ("paths=True", lambda w: finsim.sample(w.body, True), "sample: paths", "True", "a whole number", "paths=100"),
    ("steps=one", lambda w: finsim.sample(w.body, steps="one"), "sample: steps", "'one'", "a whole number", "steps=252"),
    ("seed=-1", lambda w: finsim.sample(w.body, seed=-1), "sample: seed", "-1", "0 or more", "seed=7"),
    ("a run for a model", lambda w: finsim.sample(w.run), "sample: model", "a Run", "a fitted model", "finsim.sample(finsim.fit("),
    ("None for a model", lambda w: finsim.sample(None), "sample: model", "None", "a fitted model", "finsim.sample(finsim.fit("),
    ("a day as people write it", lambda w: finsim.sample(w.body, start="1/2/26"), "sample: start", "'1/2/26'", "year-month-day", "2026-01-31"),
    ("severity='0.5'", lambda w: finsim.stress(w.run, "covid-2020", severity="0.5"), "stress: severity", "'0.5'", "0 to 3", "severity=0.5"),
    ("severity=50", lambda w: finsim.stress(w.run, "covid-2020", severity=50), "stress: severity", "50", "0 to 3", "severity=0.5"),
    ("severity=nan", lambda w: finsim.stress(w.run, "covid-2020", severity=float("nan")), "stress: severity", "nan", "0 to 3", "severity=0.5"),
    ("a model for a run", lambda w: finsim.stress(w.body, "covid-2020"), "stress: subject", "a fitted model", "a finished run", "finsim.sample(model)"),
    ("no scenario", lambda w: finsim.stress(w.run, None), "stress: scenario", "None", "a scenario", "'covid-2020'"),
    ("unknown scenario", lambda w: finsim.stress(w.run, "covid"), "scenario", "'covid'", "", "did you mean 'covid-2020'?"),
    ("a list for a study", lambda w: finsim.run([{"market": {}}]), "run: study", "a list", "a mapping", "write 'quickstart'"),
    ("a study without a key", lambda w: finsim.run({"id": "a", "title": "a", "start": "2025-12-31", "transactions": {"acounts": 300}}), "transactions.acounts", "unknown key", "accounts", "did you mean"),
    ("a study without scenarios", lambda w: finsim.plan({"id": "a", "title": "a", "start": "2025-12-31", "transactions": {}, "scenarios": []}), "scenarios", "an empty list", "one or more", "write"),
    ("no study", lambda w: finsim.run(None), "run: study", "neither", "one of them", "study='quickstart'"),
    ("study and resume", lambda w: finsim.run("quickstart", resume="x"), "run: study", "a study and resume", "one of them", "resume="),
    ("a run for a study", lambda w: finsim.run(w.run), "run: study", "a Run", "a Study", "'quickstart'"),
    ("progress='yes'", lambda w: finsim.run(w.study, progress="yes"), "run: progress", "'yes'", "True, False", "progress=False"),
    ("workers=0", lambda w: finsim.run(w.study, workers=0), "run: workers", "0", "1 or more", "workers=2"),
    ("scale=0", lambda w: finsim.run(w.study, scale=0), "run: scale", "0", "above 0", "scale=0.1"),
    ("output as a number", lambda w: finsim.run(w.study, output=5), "run: output", "5", "a path", "output='out'"),
    ("few accounts", lambda w: finsim.simulate(accounts=10), "simulate: accounts", "10", "200 or more", "accounts=2000"),
    ("schemes as a number", lambda w: finsim.simulate(schemes=50), "simulate: schemes", "50", "number of schemes", "{'account_takeover': 50}"),
    ("schemes below 0", lambda w: finsim.simulate(schemes={"account_takeover": -1}), "simulate: schemes", "-1", "0 or more", "{'account_takeover': 50}"),
    ("a rate in words", lambda w: finsim.simulate(narrative={"account_takeover": "x"}), "simulate: narrative", "'x'", "a rate in the unit of its file", "0.02"),
    ("unknown narrative", lambda w: finsim.simulate(narrative="account_takover"), "narrative", "'account_takover'", "", "did you mean 'account_takeover'?"),
    ("narratives of numbers", lambda w: finsim.simulate(narrative=[5]), "simulate: narrative", "5", "by name", "account_takeover"),
    ("None for a table", lambda w: finsim.check(None, "ohlcv"), "check: data", "None", "a DataFrame", "'bars.csv'"),
    ("unknown pack", lambda w: finsim.check(w.bars, "ohlvc"), "rule pack", "'ohlvc'", "", "did you mean 'ohlcv'?"),
    ("no pack", lambda w: finsim.check(w.bars, None), "check: rules", "None", "a rule pack", "'ohlcv'"),
    ("tier as a number", lambda w: finsim.check(w.bars, "ohlcv", tier=3), "check: tier", "3", "a tier", "tier='auto'"),
    ("params as a list", lambda w: finsim.check(w.bars, "ohlcv", params=["a"]), "check: params", "a list of 1", "by name", "params={"),
    ("row 1.5", lambda w: finsim.explain(w.bars, "ohlcv", 1.5), "explain: row", "1.5", "the number", "row=37"),
    ("no such row", lambda w: finsim.explain(w.bars, "ohlcv", 99), "table bars", "no row 99", "0 to 0", "numbered from 0"),
    ("None for synthetic", lambda w: finsim.evaluate(w.prices, None), "evaluate: synthetic", "None", "a table", "'synthetic.csv'"),
    ("a number for settings", lambda w: finsim.evaluate(w.prices, w.prices, settings=5), "evaluate: settings", "5", "EvaluationSettings", "bootstrap=50"),
    ("a model to compare", lambda w: finsim.compare(w.body, w.run), "compare: first", "a fitted model", "a Run", "'runs/mine'"),
    ("None for a run", lambda w: finsim.open_run(None), "open_run: path", "None", "the folder of a run", "'runs/mine'"),
    ("no run there", lambda w: finsim.open_run("nowhere"), "nowhere", "no such folder", "", "finsim run"),
    ("no such table", lambda w: finsim.trace(w.run, "nope", 0), "run", "'nope'", "one of ", "months"),
    ("a table by another name", lambda w: finsim.trace(w.run, "payment", 0), "run", "'payment'", "one of ", "use one of"),
    ("a day as at home", lambda w: finsim.simulate(start="31.12.2025"), "simulate: start", "'31.12.2025'", "a day", "start=2025-12-31"),
    ("nothing as a file", lambda w: finsim.check("", "ohlcv"), "check: data", "an empty text", "a file", "'bars.csv'"),
    ("one column", lambda w: finsim.fit(pd.DataFrame({"a": [1.0]})["a"]), "fit: data", "a Series", "any table", "pandas.DataFrame"),
    ("a run for its model", lambda w: finsim.sample(w.run), "sample: model", "a Run", "a fitted model", "finsim.fit"),
    ("row below 0", lambda w: finsim.trace(w.run, "credit/base/loans", -1), "trace: row", "-1", "0 or more", "row=37"),
    ("a part as a number", lambda w: finsim.study(market=5), "study: market", "5", "a mapping", "market={'data': 'prices.csv'}"),
    ("a study as a list", lambda w: finsim.study([1]), "study: values", "a list of 1", "a mapping", "market={"),
    ("a study of nothing", lambda w: finsim.study(), "study", "no world", "", "market:"),
    ("one kind for many", lambda w: finsim.names("scenario"), "names: kind", "'scenario'", "scenarios", "did you mean 'scenarios'?"),
    ("None to show", lambda w: finsim.show(None), "show: what", "None", "a name", "'covid-2020'"),
    ("unknown data", lambda w: finsim.example_data("german"), "example_data: name", "'german'", "", "did you mean 'german_credit'?"),
    ("a number to load", lambda w: finsim.load_schema(5), "load_schema: path", "5", "a schema file", "prices.schema.yaml"),
    ("a narrative of None", lambda w: finsim.Narrative.load(None), "narrative", "None", "a name", "in quotes"),
    ("losses of None", lambda w: finsim.value_at_risk(None, 0.99), "risk: losses", "NoneType", "one number a draw", "run.portfolio.losses"),
    ("a graph of None", lambda w: finsim.account_graph(None), "account_graph: rows", "no table", "an Arrow table", "run.transactions.rows"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("done", "place", "found", "expected", "example"),
    [pytest.param(one[1], *one[2:], id=one[0]) for one in MISTAKES],
)
def test_a_mistake_is_answered(
    done: Callable[[Any], Any],
    place: str,
    found: str,
    expected: str,
    example: str,
    world: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(finsim.FinsimError) as caught:
        done(world)
    (problem,) = caught.value.problems
    assert place in problem.place
    assert found in problem.found
    assert expected in problem.expected
    assert example in problem.remedy
    assert not list(tmp_path.iterdir())
    if place != "risk: losses":
        assert not [word for word in PARSER_WORDS if word in str(problem)]


def test_an_unknown_keyword_is_a_type_error_that_says_what_was_meant(world: SimpleNamespace) -> None:
    with pytest.raises(TypeError, match=r"no keyword 'n'.*\s+remedy: did you mean 'paths'"):
        finsim.sample(world.body, n=3)  # type: ignore[call-arg]


def test_all_wrong_arguments_are_told_at_once(world: SimpleNamespace) -> None:
    with pytest.raises(finsim.FinsimError) as caught:
        finsim.sample(world.body, "ten", steps=1, seed=-1, start="x")  # type: ignore[arg-type]
    assert [problem.place for problem in caught.value.problems] == [
        "sample: paths", "sample: steps", "sample: seed", "sample: start",
    ]  # fmt: skip


def test_numbers_of_numpy_are_numbers(world: SimpleNamespace) -> None:
    made = finsim.sample(world.body, np.int64(2), np.int32(5), seed=np.uint8(3), progress=False)  # type: ignore[arg-type]
    assert made.close.shape[:2] == (2, 5)


def test_the_function_report_is_no_module(world: SimpleNamespace) -> None:
    assert finsim.report(world.run).name == "report.html"


def test_a_table_that_is_asked_of_the_run_itself_is_named_where_it_is(world: SimpleNamespace) -> None:
    with pytest.raises(AttributeError, match=r"read run.tables\['loans'\]"):
        world.run.loans  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'portfolio'"):
        world.run.portfolo  # noqa: B018
    assert not hasattr(world.run, "__array__")


def test_a_lazy_frame_is_to_be_collected() -> None:
    lazy = type("LazyFrame", (), {})()
    with pytest.raises(finsim.FinsimError, match=r"data\.collect\(\)"):
        finsim.check(lazy, "ohlcv")
