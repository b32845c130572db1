"""Runs that nobody tampered with verify: resumed, stressed, drawn again, moved, packed, of other versions."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
import rewriting

import finsim
from finsim.engine import run_completion
from finsim.engine.run import resume
from finsim.errors import ProvenanceError
from finsim.provenance import seal
from finsim.provenance.audit_log import read_log
from finsim.provenance.verifying.made_again import same_but_for_rounding
from finsim.report import page
from finsim.verbs.verify import Verified

pytestmark = pytest.mark.sweep

TINY = {"loans": 200, "months": 12, "draws": 5000}


def tiny(data: str = "german_credit") -> finsim.Study:
    return finsim.study(credit={"data": data, **TINY}, evaluation={"enabled": False})


def fine(run: Path) -> Verified:
    told = finsim.verify(run)
    assert told.ok, told.to_text()
    assert len(told.to_text().splitlines()) <= 15
    return told


def test_a_fresh_run_says_what_was_compared(real_run: Path) -> None:
    told = fine(real_run)
    assert told.run.again == ("verdicts", "report.html")
    assert told.run.inputs >= 4
    assert told.run.remarks == ()
    assert told.run.head == read_log(real_run / "audit.log")[-1].hash
    assert told.run.head in told.to_text()


def test_a_run_that_was_moved_packed_or_made_read_only(
    real_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(real_run, tmp_path / "a"))
    moved = copy.rename(tmp_path / "b c é")
    monkeypatch.chdir(moved)
    fine(Path("."))
    packed = Path(shutil.make_archive(str(tmp_path / "run"), "zip", moved))
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    for path in sorted((tmp_path / "unpacked").rglob("*"), reverse=True):
        os.utime(path, (0, 0))
        path.chmod(0o555 if path.is_dir() else 0o444)
    fine(tmp_path / "unpacked")
    (tmp_path / "way").symlink_to(tmp_path / "unpacked")
    fine(tmp_path / "way")
    for path in (tmp_path / "unpacked").rglob("*"):
        path.chmod(0o755)


@pytest.mark.slow
def test_a_stressed_run_and_the_run_it_came_from(tmp_path: Path) -> None:
    base = finsim.run(tiny(), output=tmp_path / "base", progress=False)
    hit = finsim.stress(base, "covid-2020", output=tmp_path / "hit", progress=False)
    fine(base.path)
    fine(hit.path)


def test_a_page_drawn_again_adds_nothing_and_agrees(real_run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(real_run, tmp_path / "a"))
    finsim.report(copy)
    assert len(read_log(copy / "audit.log")) == len(read_log(real_run / "audit.log"))
    (copy / "report.html").unlink()
    finsim.report(copy)
    fine(copy)


@pytest.mark.parametrize(
    "stop",
    [
        "build_manifest",
        *(pytest.param(stop, marks=pytest.mark.slow) for stop in ("PAGES", "seal_run", "write_card")),
    ],
)
def test_a_run_stopped_while_closing_is_told_so_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    whole = getattr(run_completion, stop)
    monkeypatch.setattr(run_completion, stop, None if stop == "PAGES" else killed)
    if stop == "PAGES":
        monkeypatch.setattr(run_completion, "seal_run", killed)  # nothing after a kill is done
    folder = tmp_path / "run"
    with pytest.raises((Killed, AttributeError)):
        finsim.run(tiny(), output=folder, progress=False)
    monkeypatch.setattr(run_completion, stop, whole)
    monkeypatch.setattr(run_completion, "seal_run", seal.seal_run)
    (folder / "loans" / "scenario=base" / ".loans.parquet.77.part").write_bytes(b"half")
    if (folder / "manifest.json").is_file():
        assert "finsim run --resume closes it" in finsim.verify(folder).to_text()
    else:
        with pytest.raises(ProvenanceError, match="this run is not finished"):
            finsim.verify(folder)
    resume(folder)
    assert [entry.event for entry in read_log(folder / "audit.log")].count("manifest_written") == 1
    fine(folder)


def test_an_input_that_is_gone_is_told_and_one_that_changed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.csv.gz"
    shutil.copy(finsim.example_data("german_credit"), own)
    run = finsim.run(tiny("own.csv.gz"), output=tmp_path / "run", progress=False)
    fine(run.path)
    own.rename(tmp_path / "other")
    told = fine(run.path)
    assert told.run.remarks == (f"inputs not present, not compared: {own}",)
    own.write_bytes(b"other data")
    (finding,) = finsim.verify(run).run.findings
    assert finding.path == str(own)
    assert "not the file that the run read (loans)" in finding.found


def test_a_run_of_an_older_format_says_what_was_not_compared(real_run: Path, tmp_path: Path) -> None:
    """Runs noted neither their scenario and rule files nor their checkpoints at first."""
    copy = Path(shutil.copytree(real_run, tmp_path / "a"))
    told = rewriting.entries(copy)
    del told[0]["payload"]["files"]
    rewriting.put_lines(copy, [rewriting.canonical_json(entry) for entry in told])
    rewriting.forge(copy)
    told = rewriting.entries(copy)
    del told[-1]["payload"]["checkpoints"]
    rewriting.chain_from(copy, told, len(told) - 1)
    assert fine(copy).run.remarks == (
        "this run does not note its scenario and rule files; they were not compared",
        "this run does not note its checkpoints; they were not compared",
    )


def test_another_schema_is_a_sentence(real_run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(real_run, tmp_path / "a"))
    data = rewriting.manifest_of(copy)
    data["schema"] = "finsim.manifest/0"
    rewriting.put_manifest(copy, data)
    rewriting.seal_anew(copy)
    with pytest.raises(
        ProvenanceError, match=r"not a manifest this version can read \(schema 'finsim.manifest/0'\)"
    ):
        finsim.verify(copy)


def test_a_page_of_other_software_is_no_finding(real_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.page_text
    monkeypatch.setattr(page, "page_text", lambda run: text(run) + "another layout")
    (finding,) = finsim.verify(real_run).run.findings
    assert finding.path == "report.html"
    monkeypatch.setattr(finsim, "__version__", "9.9.9")
    (remark,) = fine(real_run).run.remarks
    assert remark.startswith("report.html differs from the page drawn here, which may be due to: finsim 0.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a 1.25 b", "a 1.26 b", True),
        ("a 1.25 b", "a 1.28 b", False),
        ("a 1.25 b", "a 1.25 c", False),
        ("a 12 b", "a 13 b", False),
        ("a 1.25e-3 b", "a 1.26e-3 b", True),
        ("a 1.25e-3 b", "a 1.25e-2 b", False),
        ("a 1.25", "a 1.25 and 3", False),
    ],
)
def test_rounding_of_another_processor(one: str, other: str, same: bool) -> None:
    assert same_but_for_rounding(one, other) is same
    assert same_but_for_rounding(other, one) is same


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder", "none"):
        with pytest.raises(ProvenanceError, match=r"not the folder of a run|no such folder"):
            finsim.verify(tmp_path / name)


def test_two_runs_are_compared_only_where_both_agree(real_run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(real_run, tmp_path / "a"))
    assert finsim.verify(real_run, against=copy).ok
    (copy / "manifest.json").write_text("{}")
    told = finsim.verify(real_run, against=copy)
    assert not told.ok
    assert told.tables is None
    assert {problem.split(": ")[:2][1] for problem in told.problems} == {"manifest.json"}
    json.dumps(told.to_dict())
