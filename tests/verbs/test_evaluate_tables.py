"""`finsim evaluate` on tables: one answer from every kind of table, in JSON and in words, exit codes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import finsim
from finsim.cli.main import main

pytestmark = pytest.mark.sweep

QUICK = finsim.EvaluationSettings(bootstrap=20)


def tape(seed: int, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(10, 0.5, rows)).round(2)
    bad = rng.random(rows) < 0.1 + 0.3 * (income < np.median(income))
    return pd.DataFrame({
        "income": income, "age": rng.integers(18, 80, rows), "job": rng.choice(list("abc"), rows), "bad": bad,
    })  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    names = (tmp_path / "real.csv", tmp_path / "made.csv")
    for seed, name in enumerate(names):
        tape(seed).to_csv(name, index=False)
    return names


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", *map(str, words)])
    said = capsys.readouterr()
    return int(str(end.value.code or 0)), said.out, said.err


@pytest.mark.slow
def test_every_kind_of_table_gives_the_same_scores(files: tuple[Path, Path]) -> None:
    real, made = tape(0), tape(1)
    wanted = finsim.evaluate(real, made, settings=QUICK, progress=False)
    base = duckdb.connect()
    others = {
        "files": files,
        "polars": (pl.from_pandas(real), pl.from_pandas(made)),
        "arrow": (pa.Table.from_pandas(real), pa.Table.from_pandas(made)),
        "duckdb": (base.from_df(real), base.from_df(made)),
    }
    for name, sides in others.items():
        found = finsim.evaluate(*sides, settings=QUICK, progress=False)
        assert found.remarks == wanted.remarks, name
        values = [[(s.metric, s.subject, s.value) for s in card.scores] for card in (wanted, found)]
        assert values[0] == values[1], name


@pytest.mark.usefixtures("few_trees")
def test_the_json_has_scores_verdicts_and_what_was_read(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(
        capsys, *files, "--json", "-q", "--secret", "income", "--secret", "age", "--group", "job"
    )
    told = json.loads(out)
    assert code == (0 if told["ok"] else 1)
    assert set(told["result"]) == {"scores", "verdicts", "remarks"}
    read = "read as: table; label bad, id none, time none, secret income, age, group job"
    assert told["result"]["remarks"][0] == read
    assert f"note: {read}" in err
    assert {score["table"] for score in told["result"]["scores"]} == {"table"}


@pytest.mark.usefixtures("few_trees")
def test_a_column_that_lacks_fails_with_exit_code_1_and_its_name(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_csv(files[1]).rename(columns={"income": "Income"})
    frame.to_csv(files[1], index=False)
    code, out, _ = run(capsys, *files, "-q")
    assert code == 1
    assert "the synthetic side has no column 'income' (did you mean 'Income')" in out


@pytest.mark.parametrize(("words", "said"), [
    (["--label", "bda"], "did you mean 'bad'?"),
    (["--kind", "tabel"], "did you mean 'table'?"),
    (["--kind", "bars", "--id", "age"], "bars have no such column"),
    (["--kind", "events"], "write --id COLUMN"),
])  # fmt: skip
def test_wrong_words_are_bad_input(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, _, err = run(capsys, *files, "-q", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_prices_stay_prices_and_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
    card = finsim.evaluate(
        prices, prices, settings=finsim.EvaluationSettings(bootstrap=20, judge_refits=0), progress=False
    )
    assert card.remarks[0] == "read as: bars"
    assert {score.table for score in card.scores} == {"bars"}


def test_wrong_arguments_are_told_all_at_once() -> None:
    with pytest.raises(finsim.FinsimError) as wrong:
        finsim.evaluate([1], tape(1), secret=3, label=4, kind=5, progress=False)  # type: ignore[arg-type]
    assert [one.place.rpartition(" ")[2] for one in wrong.value.problems] == [
        "label",
        "secret",
        "real",
        "kind",
    ]


def test_newer_real_rows_are_held_against_those_before() -> None:
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(600) // 2, unit="D")
    real = tape(0, 600).assign(opened=days)
    later = real["opened"] >= "2024-06-01"
    drifted = real.assign(income=np.where(later, 3 * real["income"], real["income"]))
    made = tape(1, 400).assign(opened=days[:400])
    told = {}
    for name, frame in (("steady", real), ("drifted", drifted)):
        card = finsim.evaluate(frame, made, since="2024-06-01", settings=QUICK, progress=False)
        told[name] = {score.subject: score for score in card.of("staleness")}
        assert card.of("table_two_sample")[0].n == int((~later).sum())
    assert told["steady"]["days since the training rows"].value == 300 - 152 - 0
    assert told["steady"]["newer real rows"].verdict == "pass"
    assert told["drifted"]["newer real rows"].verdict == "fail"
    assert "income" in told["drifted"]["newer real rows"].note
    with pytest.raises(finsim.FinsimError, match="no column of time"):
        finsim.evaluate(tape(0), tape(1), since="2024-06-01", progress=False)
    with pytest.raises(finsim.FinsimError, match="0 real rows before"):
        finsim.evaluate(real, made, since="2020-01-01", progress=False)


@pytest.mark.parametrize("held", ["the same rows", "in another order", "most of them"])
def test_a_hold_out_of_the_training_rows_is_bad_input(held: str) -> None:
    real, made = tape(0), tape(1)
    spare = {
        "the same rows": real,
        "in another order": real.sample(frac=1.0, random_state=1),
        "most of them": pd.concat([real[:200], tape(2)[:100]]),
    }[held]
    with pytest.raises(finsim.FinsimError, match="of the hold-out stand on the real side as well"):
        finsim.evaluate(real, made, holdout=spare, settings=QUICK, progress=False)
    finsim.evaluate(real[["job", "bad"]], made, holdout=tape(2), settings=QUICK, progress=False)


def test_bars_held_out_of_themselves_are_bad_input() -> None:
    dates = pd.bdate_range("2020-01-01", periods=400)
    steps = np.random.default_rng(1).normal(0, 0.01, (400, 2))
    prices = pd.DataFrame(100 * np.exp(steps.cumsum(axis=0)), columns=["A", "B"]).assign(date=dates)
    with pytest.raises(finsim.FinsimError, match="bars of the hold-out stand on the real side"):
        finsim.evaluate(prices, prices, holdout=prices[100:], settings=QUICK, progress=False)


def test_numbers_near_the_largest_are_judged_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    real, made = (tape(seed).assign(income=lambda d: d["income"] * 1e303) for seed in (0, 1))
    finsim.evaluate(real, made, label="bad", settings=QUICK, progress=False)
    assert [str(one.message) for one in recwarn if issubclass(one.category, RuntimeWarning)] == []


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize(
    "kind",
    ["bytes", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("lists", "text where numbers are"))],
)
def test_a_column_that_no_check_reads_is_never_passed_as_free_of_copies(kind: str) -> None:
    """Each row has a photo of its own, and the synthetic side has the very photos."""
    cells = [{"bytes": b"\xff%d" % k, "lists": [k, k + 1]}.get(kind, k * 7) for k in range(300)]
    told = [f"no. {cell}" for cell in cells] if kind == "text where numbers are" else cells
    card = finsim.evaluate(
        tape(0).assign(photo=cells), tape(1).assign(photo=told), settings=QUICK, progress=False
    )
    (score,) = card.of("row_copies")
    assert (score.verdict, "copies cannot be seen in photo" in score.reason) == ("not computed", True)
    assert card.verdicts()["share"].verdict == "not computed"
    further = finsim.evaluate(tape(0), tape(1).assign(photo=cells), settings=QUICK, progress=False)
    (score,) = further.of("row_copies")  # what the real side lacks may hold anything
    assert (score.verdict, "photo" in score.reason) == ("not computed", True)


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("cell", [10**30, Decimal("NaN"), "\ud800"])
def test_cells_that_arrow_cannot_hold_are_no_fault_of_finsim(cell: object) -> None:
    """Whole numbers beyond 64 bits and decimals without a value are read; half a character is bad input."""
    real, made = (tape(seed).assign(h=pd.Series([cell] * 300, dtype=object)) for seed in (0, 1))
    if not isinstance(cell, str):
        card = finsim.evaluate(real, made, settings=QUICK, progress=False)
        assert "5 columns compared" in card.of("table_shape")[0].note
        return
    with pytest.raises(finsim.FinsimError, match="column 'h'"):
        finsim.evaluate(real, made, settings=QUICK, progress=False)


@pytest.mark.usefixtures("few_trees")
def test_what_is_no_scorecard_is_not_written_over(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    real, made = files
    before = real.read_bytes()
    code, _, err = run(capsys, real, made, "-o", real)
    assert code == 2
    assert "is no scorecard" in err
    assert real.read_bytes() == before
    target = real.with_name("card.json")
    for _ in range(2):  # a scorecard is written again
        finsim.evaluate(real, made, output=target, settings=QUICK, progress=False)
    assert json.loads(target.read_text())["scores"]


def test_a_hold_out_that_stands_on_the_synthetic_side_is_refused(files: tuple[Path, Path]) -> None:
    real, made = files
    with pytest.raises(
        finsim.FinsimError, match="300 of 300 rows of the hold-out stand on the synthetic side"
    ):
        finsim.evaluate(real, made, holdout=made, settings=QUICK, progress=False)


def test_a_lost_subgroup_is_named_in_the_reason() -> None:
    real, made = tape(0, 800), tape(1, 800)
    (score,) = finsim.evaluate(real, made[made["job"] != "b"], settings=QUICK, progress=False).of("coverage")
    assert score.verdict in ("warn", "fail")
    assert "job b: 0.00% synthetic, " in score.reason
