"""Verbs that read runs and data take URLs; what has not changed is fetched once."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
from remote_study import STUDY

import finsim
from finsim.cli.main import main
from finsim.engine import stress as engine
from finsim.engine.finished_run import Run
from finsim.errors import FinsimError, StudyError
from finsim.records.stores.fetched_file import fetched_file, fetched_folder
from finsim.records.stores.remote_folder import RemoteFolder

RUN = "memory://bank/run"


@pytest.fixture
def stored(memory, local):
    """The run of this machine, put into the memory store."""
    memory.put(str(local.path) + "/", "bank/run/", recursive=True)
    fetched_file.cache_clear()
    return memory


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    fetch = RemoteFolder.fetch

    def noted(folder: RemoteFolder, name: str, file: Path) -> None:
        names.append(name)
        fetch(folder, name, file)

    monkeypatch.setattr(RemoteFolder, "fetch", noted)
    return names


def digests(run: Run) -> dict[str, str]:
    return {item["path"]: item["sha256"] for item in run.manifest["outputs"]}


def test_an_unchanged_run_is_fetched_once(stored, fetches, local) -> None:
    first = finsim.open_run(RUN)
    assert len(fetches) == len(set(fetches)) > 10
    fetches.clear()
    assert finsim.open_run(RUN).digest == first.digest == local.digest
    assert fetches == []
    stored.pipe_file("bank/run/report.html", b"another page")
    (first.path / "README.md").write_text("spoiled here")
    (first.path / "scorecard.json").unlink()
    (first.path / "stray.txt").write_text("not of this run")
    again = finsim.open_run(RUN).path
    assert sorted(fetches) == ["README.md", "report.html", "scorecard.json"]
    assert (again / "report.html").read_bytes() == b"another page"
    assert (again / "README.md").read_bytes() == (local.path / "README.md").read_bytes()
    assert not (again / "stray.txt").exists()


def test_verify_fetches_all(stored, fetches) -> None:
    finsim.open_run(RUN)
    every = sorted(fetches)
    fetches.clear()
    finsim.verify(RUN)
    assert sorted(fetches) == every  # a file that was changed here, in its time and size too, is no evidence


def test_a_damaged_note_of_states_fetches_all(stored, fetches) -> None:
    place = finsim.open_run(RUN).path
    count = len(fetches)
    (place.parent / "states.json").write_text("[1, 2")
    finsim.open_run(RUN)
    assert len(fetches) == 2 * count


def test_runs_are_read_by_url(stored, local, tmp_path) -> None:
    shown, twin = finsim.show(RUN).to_dict(), finsim.show(local).to_dict()
    assert (shown["name"], shown["manifest_sha256"]) == (RUN, twin["manifest_sha256"])
    assert finsim.trace(RUN, "loans", 3).to_text() == finsim.trace(local, "loans", 3).to_text()
    told = finsim.check(RUN, "retail-tx", progress=False)
    assert told.verdicts()["skipped"]
    assert repr(told) == repr(finsim.check(local, "retail-tx", progress=False))
    assert "transactions 0 rows" not in repr(told)  # of rules that were skipped
    assert finsim.compare(RUN, local)["difference"].eq(0).all()
    for run, name in ((RUN, "there"), (local, "here")):
        finsim.export(run, "handbook", output=tmp_path / name)
    there = {path.name: path.read_bytes() for path in (tmp_path / "there").iterdir()}
    here = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    assert there == here


@pytest.mark.parametrize("word", ["show", "trace", "export", "compare"])
def test_a_url_without_a_run_is_refused_with_it(memory, word, capsys) -> None:
    rest = {"trace": ["loans", "0"], "export": ["--as", "csv", "-o", "x"], "compare": ["memory://bank/b"]}
    with pytest.raises(SystemExit) as told:
        main([word, "memory://bank/none", *rest.get(word, [])])
    assert told.value.code == 2
    assert "memory://bank/none" in capsys.readouterr().err


def test_data_are_read_by_url(memory, tmp_path) -> None:
    whole = finsim.example_data("german_credit")
    tape = tmp_path / "tape.csv"
    pd.read_csv(whole).head(120).to_csv(tape, index=False)
    memory.put_file(str(tape), "bank/in/tape.csv")
    fetched_file.cache_clear()
    url = "memory://bank/in/tape.csv"
    quick = finsim.EvaluationSettings(bootstrap=20)
    there = finsim.evaluate(url, url, settings=quick, progress=False)
    here = finsim.evaluate(tape, tape, settings=quick, progress=False)
    assert there.to_dict()["scores"] == here.to_dict()["scores"]
    model = finsim.fit(url, "copula", kind="table", progress=False)
    twin = finsim.fit(tape, "copula", kind="table", progress=False)
    rows = [finsim.sample(one, rows=20, progress=False).to_pandas() for one in (model, twin)]
    assert rows[0].equals(rows[1])
    assert "creditability" in finsim.plan(url).to_text()


def test_a_table_of_a_run_is_read_with_the_tables_beside_it(stored, local) -> None:
    folder = "loans/scenario=base"
    told = finsim.check(f"{RUN}/{folder}", "consumer-loans", table="loans", progress=False)
    here = finsim.check(local.path / folder, "consumer-loans", table="loans", progress=False)
    assert told.to_dict()["rules"] == here.to_dict()["rules"]


def test_parts_of_a_table_are_read_by_the_url_of_their_folder(memory, local, tmp_path) -> None:
    bars = pd.DataFrame({"date": ["2026-01-02"], "asset": ["A"], "open": [10.0], "high": [9.0], "low": [8.0],
                         "close": [9.0], "volume": [100]})  # fmt: skip
    for part in (1, 2):
        bars.assign(asset=f"A{part}").to_parquet(tmp_path / f"{part}.parquet")
        memory.put_file(str(tmp_path / f"{part}.parquet"), f"bank/bars/{part}.parquet")
    told = finsim.check("memory://bank/bars", "ohlcv", progress=False)
    assert "bars 2 rows" in repr(told)
    assert told.broken() == ["high_is_highest"]


def test_a_run_is_stressed_from_one_store_into_another(stored, local, tmp_path) -> None:
    made = finsim.stress(RUN, "gfc-2008", severity=0.5, output="memory://bank/hit", progress=False)
    here = finsim.stress(local, "gfc-2008", severity=0.5, output=tmp_path / "hit", progress=False)
    assert made.url == "memory://bank/hit"
    assert digests(made) == digests(here)
    assert stored.exists("/bank/hit/manifest.json")
    with pytest.raises(StudyError, match="not empty"):
        finsim.stress(RUN, "gfc-2008", output="memory://bank/hit", progress=False)


def test_a_stress_may_have_a_cluster(monkeypatch, tmp_path) -> None:
    seen = []

    def noted(study, folder, work, progress, prepare):
        seen.append((work.workers, work.cluster))
        raise StudyError("enough", place="here")

    monkeypatch.setattr(engine, "run_resolved", noted)
    with pytest.raises(StudyError, match="enough"):
        finsim.stress(
            finsim.study(STUDY), "gfc-2008", cluster="local:2", output=tmp_path / "x", progress=False
        )
    assert seen == [(1, "local:2")]
    with pytest.raises(StudyError, match="both are given"):
        finsim.stress(finsim.study(STUDY), "gfc-2008", cluster="local:2", workers=2, progress=False)
    with pytest.raises(StudyError, match="both are given"):
        finsim.stress(finsim.study(STUDY), reverse="credit.loss_rate >= 0.06", cluster="local:2")


def test_a_name_that_leads_out_of_a_folder_makes_nothing(memory, monkeypatch, tmp_path) -> None:
    memory.pipe_file("bank/parts/a.parquet", b"x")
    monkeypatch.setattr(RemoteFolder, "names", lambda folder: {"a.parquet": "1", "../../../../out/b": "2"})
    with pytest.raises(StudyError, match=r"an object is called '\.\./"):
        fetched_folder("memory://bank/parts", "here")
    assert not list(tmp_path.rglob("out"))
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("url", ["memory://bank/odd.parquet", "memory://bank/parts"])
def test_errors_name_the_url_and_not_its_copy(memory, tmp_path, url) -> None:
    for name in ("odd.parquet", "parts/a.parquet"):
        memory.pipe_file(f"bank/{name}", b"no table")
    with pytest.raises(FinsimError) as told:
        finsim.check(url, rules="retail-tx")
    assert told.value.problems[0].place.startswith(url)
    assert "copies" not in str(told.value)
    with pytest.raises(FinsimError, match=str(tmp_path / "x.csv")):
        finsim.check(tmp_path / "x.csv", rules="retail-tx")


def test_errors_of_a_run_name_the_url(stored) -> None:
    stored.pipe_file("bank/run/manifest.json", b"{")
    with pytest.raises(FinsimError) as told:
        finsim.trace(RUN, "transactions", 3)
    assert told.value.problems[0].place.startswith(RUN)
    assert "copies" not in str(copy.copy(told.value))
