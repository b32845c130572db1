"""One owner a run folder, records that notice damage, and what a killed run leaves."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import finsim
import finsim.verbs.fit as fit_verb
from finsim.engine import finished_tasks
from finsim.engine import run as running
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import Done, load_done, output, read_plan, save_done
from finsim.engine.graph.unfinished import unfinished
from finsim.engine.planning.refusals import refuse_output
from finsim.engine.run_folder.own_records import DamagedRecordError, read_own, write_own
from finsim.engine.run_folder.owner_lock import Owner, owning, owning_output, refuse_owned
from finsim.engine.run_folder.unstarted import clear, is_free
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import plan_of
from finsim.errors import FinsimError, ProvenanceError, ResumeError, StopSignal, StudyError
from finsim.provenance.audit_log import read_log
from finsim.provenance.verify import verify_run

MARKET = {
    "id": "m",
    "market": {
        "data": "wiki_aapl_ibm_2000_2013", "generator": "bootstrap", "paths": 2, "sessions": 40,
        "shard_paths": 1,
    },
    "scenarios": ["base"],
    "evaluation": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two paths."""
    kept = running.Work(keep_checkpoints=True)
    return running.run(study_of(MARKET), output=tmp_path_factory.mktemp("whole") / "run", work=kept).path


@pytest.fixture
def stopped(whole: Path, tmp_path: Path) -> Path:
    """The same run, stopped before its bars were written."""
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    (run / "manifest.json").unlink()
    (run / ".finsim/done/bars--base.json").unlink()
    return run


def bars(run: Path) -> bytes:
    return (run / "bars/scenario=base/bars.parquet").read_bytes()


def fine(run: Path) -> bool:
    return verify_run(run).ok


def flip(file: Path, at: int = -74) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x40
    file.write_bytes(data)


@pytest.mark.parametrize(
    "name", [".finsim/features/00001.npy", "model/weights.safetensors", "model/model.json"]
)
def test_a_damaged_output_is_made_again_and_the_log_names_it(stopped: Path, whole: Path, name: str) -> None:
    flip(stopped / name)
    done = running.resume(stopped)
    assert bars(done.path) == bars(whole)
    assert name in [entry.subject for entry in read_log(stopped / "audit.log") if entry.event == "done_again"]
    assert fine(stopped)


def test_an_output_replaced_by_another_of_its_size_is_made_again(stopped: Path, whole: Path) -> None:
    first, second = (stopped / ".finsim/features" / f"0000{i}.npy" for i in (0, 1))
    shutil.copy(first, second)
    assert bars(running.resume(stopped).path) == bars(whole)


def test_a_table_that_changes_while_its_run_closes_is_refused(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = running.close_run.__globals__["write_drivers"]

    def spoiling(run: Path, drivers: Any) -> None:
        write(run, drivers)
        flip(run / "bars/scenario=base/bars.parquet", 300)

    monkeypatch.setitem(running.close_run.__globals__, "write_drivers", spoiling)
    monkeypatch.setattr(finished_tasks, "_digest", lambda file: "")  # as if nobody had looked before
    monkeypatch.setattr(finished_tasks, "_losses", lambda run, done: iter(()))
    with pytest.raises(ResumeError, match="changed since it was written"):
        running.resume(stopped)


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", "null", '{"key": "fit", "outputs": []}', "\x00" * 9, "9" * 5000]
)
@pytest.mark.parametrize("name", ["plan.json", "done/fit.json"])
def test_a_damaged_plan_is_refused_and_a_damaged_record_is_a_task_to_do(
    stopped: Path, whole: Path, name: str, text: str
) -> None:
    (stopped / ".finsim" / name).write_text(text)
    if name == "plan.json":
        with pytest.raises(ResumeError, match="plan of this run is damaged") as caught:
            running.resume(stopped)
        assert caught.value.problems[0].place.endswith("plan.json")
    else:
        assert load_done(stopped, "fit") is None
        assert ".finsim/done/fit.json" in [
            name
            for name, _ in unfinished(stopped, running.graph_of(stopped, plan_of(read_plan(whole)))).faults
        ]
        assert not (stopped / ".finsim/done/fit.json").exists()


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]"])
def test_a_torn_manifest_is_an_unfinished_run_that_resume_closes_again(
    whole: Path, tmp_path: Path, text: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    (run / "manifest.json").write_text(text)
    with pytest.raises(FinsimError):
        Run(run).manifest  # noqa: B018
    running.resume(run)
    assert bars(run) == bars(whole)
    assert fine(run)


def test_a_manifest_with_a_section_of_another_type_is_refused_by_name(whole: Path, tmp_path: Path) -> None:
    data = json.loads((whole / "manifest.json").read_text())
    for section in ("study", "outputs", "scenarios", "scores"):
        (tmp_path / "manifest.json").write_text(json.dumps({**data, section: 7}))
        with pytest.raises(ProvenanceError, match=section):
            Run(tmp_path).manifest  # noqa: B018


def test_other_versions_are_refused_or_accepted_and_noted(
    stopped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = finished_tasks.numeric_versions()
    monkeypatch.setattr(finished_tasks, "numeric_versions", lambda: {**now, "numba": "9.9"})
    with pytest.raises(ResumeError, match="numba") as caught:
        running.resume(stopped)
    assert "--accept-versions" in caught.value.problems[0].remedy
    running.resume(stopped, accept_versions=True)
    noted = [entry.payload for entry in read_log(stopped / "audit.log") if entry.event == "run_resumed"]
    assert "numba" in noted[-1]["versions"]


def test_own_records_notice_every_flipped_bit(tmp_path: Path) -> None:
    file, shape = tmp_path / "x.json", {"a": int, "b": {}}
    write_own(file, "x/1", {"a": 1, "b": {3: "c"}})
    assert read_own(file, "x/1", shape) == {"a": 1, "b": {"3": "c"}}
    data = file.read_bytes()
    rng = random.Random(3)
    for _ in range(60):
        spoiled = bytearray(data)
        spoiled[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(spoiled)
        try:
            assert read_own(file, "x/1", shape) == {"a": 1, "b": {"3": "c"}}  # a blank for a line's end
        except DamagedRecordError:
            continue


def test_a_record_with_a_right_digest_and_wrong_types_is_damaged(tmp_path: Path) -> None:
    for wrong in ({"a": "x", "b": {}}, {"b": {}}, {"a": 1, "b": []}):
        write_own(tmp_path / "x.json", "x/1", wrong)
        with pytest.raises(DamagedRecordError):
            read_own(tmp_path / "x.json", "x/1", {"a": int, "b": {}})
    write_own(tmp_path / "x.json", "x/2", {"a": 1, "b": {}})
    with pytest.raises(DamagedRecordError, match="format"):
        read_own(tmp_path / "x.json", "x/1", {"a": int, "b": {}})


def test_records_of_tasks_never_lead_out_of_their_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    outside = tmp_path / "x"
    outside.write_text("x")
    facts = {"rows": 1, "bytes": 1, "sha256": output(tmp_path, outside, 1)[1]["sha256"]}
    for name in ("../x", str(outside)):
        save_done(tmp_path / "run", Done("fit", {name: facts}))
        assert load_done(tmp_path / "run", "fit") is None
    save_done(tmp_path / "run", Done("fit", {"y": {**facts, "bytes": "1"}}))
    assert load_done(tmp_path / "run", "fit") is None


def test_a_second_writer_is_told_who_works_there(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with owning(run):
        for act in (lambda: refuse_owned(run), lambda: refuse_output(run), lambda: owning(run).__enter__()):
            with pytest.raises(StudyError, match=f"in use by process {os.getpid()} on host .* since 20"):
                act()
    refuse_owned(run)
    assert not (run / ".finsim/lock").exists()


def test_a_run_is_refused_in_a_folder_that_another_works_in(stopped: Path, tmp_path: Path) -> None:
    with owning(stopped), pytest.raises(StudyError, match="in use by process"):
        running.resume(stopped)
    with owning(tmp_path / "new"), pytest.raises(StudyError, match="in use by process"):
        running.run(study_of(MARKET), output=tmp_path / "new")


def test_a_run_that_another_one_finished_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"

    def faster(plan: Any) -> None:
        run.mkdir()
        (run / "manifest.json").write_text("{}")

    monkeypatch.setattr(running, "refuse_before_work", faster)
    with pytest.raises(StudyError, match="not empty"):
        running.run(study_of(MARKET), output=run)
    assert (run / "manifest.json").read_text() == "{}"


def test_a_new_output_has_one_writer(tmp_path: Path) -> None:
    prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
    place = tmp_path / "new/model"
    acts = (
        lambda: finsim.fit(prices, "bootstrap", output=place, progress=False),
        lambda: finsim.simulate(accounts=200, days=2, output=place, progress=False),
    )
    with owning_output(place):
        for act in acts:
            with pytest.raises(StudyError, match=f"in use by process {os.getpid()} on host .* since 20"):
                act()
        assert [path.name for path in place.parent.iterdir()] == [".model.lock"]
    assert not place.parent.exists()
    body = finsim.fit(prices, "bootstrap", output=place, progress=False)
    paths = tmp_path / "paths.csv"
    with owning_output(paths), pytest.raises(StudyError, match="in use by process"):
        finsim.sample(body, 1, 3, output=paths, progress=False)
    assert {path.name for path in tmp_path.iterdir()} == {"new"}


def test_who_waited_for_a_writer_finds_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "model"
    refuse = fit_verb.refuse_existing

    def slow(output: Path) -> None:
        refuse(output)
        monkeypatch.setattr(fit_verb, "refuse_existing", refuse)
        output.mkdir()  # another process ends between the look and the lock

    monkeypatch.setattr(fit_verb, "refuse_existing", slow)
    with pytest.raises(FinsimError, match="the output exists"):
        finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", output=place, progress=False)
    assert not list(place.iterdir())


def test_owners_that_are_gone_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    me = Owner.this_process()
    assert me.lives()
    assert Owner.of(json.dumps(vars(me))) == me
    for change in ({"boot": "x"}, {"began": "1"}, {"process": 0}, {"process": 2**22 + 7}):
        assert not Owner(**{**vars(me), **change}).lives()
    assert Owner(**{**vars(me), "host": "elsewhere"}).lives()  # nobody can tell
    for text in ("", "{", "[]", '{"host": 1}'):
        assert not Owner.of(text).lives()


def left(folder: Path) -> Iterator[str]:
    yield from (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_a_killed_run_left_before_its_plan_counts_as_empty(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / ".finsim/done").mkdir(parents=True)
    for name in (
        ".finsim/.plan.json.999.part",
        ".finsim/lock",
        ".README.md.12.part",
        ".finsim/done/fit.json",
    ):
        (run / name).touch()
    (run / "model").mkdir()  # a model that stress had copied
    assert is_free(run)
    with pytest.raises(ResumeError, match="no started run"):
        running.resume(run)
    made = running.run(study_of(MARKET), output=run)
    assert fine(made.path)
    assert not [name for name in left(run) if name.endswith(".part")]


@pytest.mark.parametrize(
    "name", ["notes.txt", ".hidden", "model/mine", "bars", ".x.part", ".finsim/plan.json"]
)
def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    assert not is_free(tmp_path)
    with pytest.raises(StudyError, match="not empty"):
        running.run(study_of(MARKET), output=tmp_path)
    assert (tmp_path / name).read_text() == "x"


def test_clearing_keeps_the_lock(tmp_path: Path) -> None:
    with owning(tmp_path):
        (tmp_path / ".finsim/.x.1.part").mkdir()
        clear(tmp_path, keep="lock")
        assert list(left(tmp_path)) == [".finsim/lock"]


def test_pieces_of_dead_writers_are_removed_when_a_run_goes_on(stopped: Path) -> None:
    (stopped / "bars/.bars.parquet.999.part").touch()
    (stopped / ".model.123.part").mkdir()
    (stopped / ".model.123.old").mkdir()
    running.resume(stopped)
    assert fine(stopped)


def test_links_in_a_stopped_run_are_not_written_through(stopped: Path, tmp_path: Path) -> None:
    shutil.rmtree(stopped / "bars")
    (tmp_path / "elsewhere").mkdir()
    (stopped / "bars").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ResumeError, match="symbolic link"):
        running.resume(stopped)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), StopSignal(15)])
def test_a_stop_is_noted_and_told_how_to_go_on(stopped: Path, whole: Path, stop: BaseException) -> None:
    def report(stage: str, done: int, total: int) -> None:
        if stage == "run" and not done:
            (stopped / "bars/.bars.parquet.7.part").touch()
            raise stop

    with pytest.raises(type(stop)) as caught:
        running.resume(stopped, progress=report)
    assert caught.value.__notes__ == [f"finsim run --resume {stopped}"]
    assert read_log(stopped / "audit.log")[-1].event == "run_stopped"
    assert not [name for name in left(stopped) if name.endswith((".part", "lock"))]
    assert bars(running.resume(stopped).path) == bars(whole)
    assert fine(stopped)


def test_files_of_a_run_share_one_mode(whole: Path) -> None:
    assert len({path.stat().st_mode for path in whole.rglob("*") if path.is_file()}) == 1


def test_the_plan_of_a_run_holds_versions(whole: Path) -> None:
    assert {"python", "finsim", "numpy", "numba", "torch"} <= set(read_plan(whole)["versions"])
