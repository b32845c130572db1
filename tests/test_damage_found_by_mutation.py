"""What mutated files of the benchmark found, each at its smallest: refused by name, and quickly."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

import finsim
from finsim import scenarios
from finsim.engine.learned.model_trial import _placed
from finsim.engine.study import named_inputs
from finsim.errors import DataError, FinsimError, Problem, ScenarioError, StudyError
from finsim.evaluation.reading.declared import declared_of
from finsim.evaluation.reading.sides import sides_of
from finsim.scenarios.values.step_means import cell_means
from finsim.tables import open_table

LONG, NUL = "x" * 5_000, "a\0b"
CALLS = {
    "plan: subject": lambda name: finsim.plan(name),
    "evaluate: real": lambda name: finsim.evaluate(f"{name}.csv", f"{name}.csv", progress=False),
    "verify: run": lambda name: finsim.verify(name),
    "run: resume": lambda name: finsim.run(resume=name, progress=False),
    "new: output": lambda name: finsim.new("study", output=name),
    "simulate: output": lambda name: finsim.simulate(accounts=200, days=1, output=name, progress=False),
}


@pytest.mark.parametrize("name", [LONG, NUL], ids=["long", "nul"])
@pytest.mark.parametrize("place", CALLS)
def test_a_name_that_no_file_system_takes_is_told(
    place: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what a refused call leaves beside the name must not lie here
    with pytest.raises(FinsimError) as caught:
        CALLS[place](name)
    assert all(problem.place and (problem.remedy or problem.expected) for problem in caught.value.problems)


def test_other_errors_of_the_system_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("finsim.verbs.plan._here", full)
    with pytest.raises(OSError, match="No space"):
        finsim.plan("tiny")


def test_a_parent_and_data_with_endless_names(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(f"finsim: scenario/1\nid: s\nextends: {LONG}\n")
    with pytest.raises(ScenarioError, match="no scenario is called"):
        scenarios.load(str(tmp_path / "s.yaml"))
    market = {"data": "wiki_aapl_ibm_2000_2013", "schema": LONG}
    with pytest.raises(StudyError, match="no schema file"):
        finsim.plan({"finsim": "study/1", "id": "s", "market": market, "scenarios": ["base"]})


def test_a_file_that_a_study_names_many_times_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(named_inputs, "file_of", lambda kind, name: read.append(name))
    monkeypatch.setattr(scenarios.scenario, "load", lambda name: None)
    named_inputs.faults({"scenarios": ["base", "gfc-2008"] * 300}, Path())
    assert sorted(read) == ["base", "gfc-2008"]


@pytest.mark.parametrize("value", [1e12, -1e12, 10**350, 1.7e308])
def test_a_path_beyond_all_reason_is_refused(value: float, tmp_path: Path) -> None:
    text = (Path(finsim.__file__).parents[1] / "scenarios/stress/rates-shock-2022.yaml").read_text()
    data = yaml.safe_load(text)
    curve = next(one for one in data["macro"].values() if "path" in one)
    curve["path"][1] = value
    (tmp_path / "rates-shock-2022.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(ScenarioError, match="beyond what any variable reaches"):
        scenarios.load(str(tmp_path / "rates-shock-2022.yaml"))


@pytest.mark.parametrize("trough", [{"day": None, "value": -3.0}, {"day": [None], "value": -3.0}, [None]])
def test_a_trough_of_nothing(trough: Any, tmp_path: Path) -> None:
    text = (Path(finsim.__file__).parents[1] / "scenarios/stress/black-monday-1987.yaml").read_text()
    data = yaml.safe_load(text)
    data["market"]["equity"]["trough"] = trough
    (tmp_path / "black-monday-1987.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(ScenarioError, match=r"no time|a list of 1"):
        scenarios.load(str(tmp_path / "black-monday-1987.yaml"))


def test_means_of_steps_of_any_size() -> None:
    edges, at = np.arange(4.0), np.arange(3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cell_means(np.array([1e200, 2e200, 3e200]), edges, at, at + 1.0)
    np.testing.assert_allclose(found / 1e200, [1.0, 2.0, 3.0])


def test_offsets_beyond_the_values_of_an_arrow_file(tmp_path: Path) -> None:
    table = pa.table({"word": pa.array(["aa", "bb", "cc"])})
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as rows:
        rows.write_table(table)
    data, offsets = (tmp_path / "t.arrow").read_bytes(), np.array([0, 2, 4, 6], np.int32).tobytes()
    assert data.count(offsets) == 1
    (tmp_path / "t.arrow").write_bytes(
        data.replace(offsets, np.array([0, 2, 4, 9_999_999], np.int32).tobytes())
    )
    with pytest.raises(DataError, match="Arrow file"):
        open_table(tmp_path / "t.arrow", {}).table(rename=False)


def test_a_model_that_does_not_fit_together_has_a_remedy(tmp_path: Path) -> None:
    assert (
        _placed(Problem("resample", "the log does not fit"), tmp_path).remedy
        == "copy it again, or fit it again"
    )
    assert _placed(Problem("resample", "old", "", "wait"), tmp_path).remedy == "wait"


FLAGS: dict[str, list[Any]] = {
    "truth": [True, False], "number": [1, 0], "decimal": [1.0, 0.0], "word": ["ja", "nein"],
    "capital": ["T", "F"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("real", "own"),
    [("truth", "number"), ("number", "truth"), ("word", "number"), ("truth", "decimal"), ("number", "word"),
     ("capital", "word")],
)  # fmt: skip
def test_a_flag_is_one_however_each_side_writes_it(real: str, own: str, tmp_path: Path) -> None:
    for name, form in (("real", real), ("own", own)):
        cells = [FLAGS[form][at % 3 % 2] for at in range(60)]
        lines = [f"{at * 0.5},{cell}" for at, cell in enumerate(cells)]
        (tmp_path / f"{name}.csv").write_text("x,flag\n" + "\n".join(lines) + "\n")
    path = tmp_path / "real.csv"
    sides = sides_of(path, tmp_path / "own.csv", None, declared_of(path, None, None, "real"))
    assert sides.real["flag"].type == sides.own["flag"].type
    assert sides.real["flag"].to_pylist() == sides.own["flag"].to_pylist()


def test_a_ledger_of_one_account_is_told_so(tmp_path: Path) -> None:
    rows = [f"DE1;2026-01-{at % 28 + 1:02d} 10:00:00;{at}.25" for at in range(400)]
    (tmp_path / "t.csv").write_text("Konto;Buchungstag;Betrag\n" + "\n".join(rows) + "\n")
    with pytest.raises(StudyError, match="`Konto` holds one account alone") as caught:
        finsim.fit(tmp_path / "t.csv", "habits", progress=False)
    assert "--kind table" in caught.value.problems[0].remedy
