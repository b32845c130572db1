"""The folder of an export: whole or absent, never over somebody's files, never inside a run."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import finsim
from finsim.cli.main import app
from finsim.errors import FinsimError, StudyError
from finsim.exports import DOCUMENTS, EXPORTS
from finsim.exports import prov as prov_export
from finsim.exports.export_folder import RECORD, read_record

pytestmark = pytest.mark.sweep


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_exports_of_one_run_share_a_folder_and_leave_the_run_alone(folder: Path, tmp_path: Path) -> None:
    before = content(folder)
    for name in DOCUMENTS:
        done = finsim.export(folder, name, output=tmp_path / "out")
        assert all(file.is_file() for file in done.files)
    assert content(folder) == before
    assert finsim.verify(folder).ok
    record = read_record(tmp_path / "out")
    assert list(record["exports"]) == sorted(DOCUMENTS)
    listed = [file for files in record["exports"].values() for file in files]
    assert sorted([*listed, RECORD]) == sorted(content(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_may_be_made_again(folder: Path, tmp_path: Path) -> None:
    finsim.export(folder, "prov", output=tmp_path / "out")
    before = content(tmp_path / "out")
    finsim.export(folder, "prov", output=tmp_path / "out")
    assert content(tmp_path / "out") == before


@pytest.mark.parametrize("plant", ["notes.txt", ".git/config", "prov.json"])
def test_a_folder_with_somebody_elses_files_is_refused(folder: Path, tmp_path: Path, plant: str) -> None:
    file = tmp_path / "out" / plant
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(StudyError, match="no export wrote"):
        finsim.export(folder, "prov", output=tmp_path / "out")
    assert content(tmp_path / "out") == {plant: b"mine"}


def test_an_empty_folder_is_taken_and_a_file_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert finsim.export(folder, "prov", output=tmp_path / "empty").files[0].is_file()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StudyError, match="is a file"):
        finsim.export(folder, "prov", output=tmp_path / "file")


def test_a_card_that_somebody_signed_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    card = finsim.export(folder, "model-card", output=tmp_path / "out").files[0]
    signed = card.read_text().replace("Approved by: ____________________", "Approved by: A. Person")
    card.write_text(signed)
    with pytest.raises(StudyError, match=r"model-card\.md, changed since it was written"):
        finsim.export(folder, "model-card", output=tmp_path / "out")
    finsim.export(folder, "prov", output=tmp_path / "out")  # another file: the card stays as it is
    assert card.read_text() == signed


def test_runs_are_refused_as_folders_of_exports(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    for output in (copy, copy / "out", copy / "bars" / "out"):
        with pytest.raises(StudyError, match="inside a run"):
            finsim.export(folder, "prov", output=output)
    with pytest.raises(StudyError, match="inside a run"):
        finsim.export(folder, "prov", output=folder / "out")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(StudyError, match="inside a run"):
        finsim.export(folder, "prov", output=tmp_path / "link")
    with pytest.raises(StudyError, match="holds the run"):
        finsim.export(folder, "prov", output=folder.parent)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(StudyError, match="the one you are in"):
        finsim.export(folder, "prov", output=".")
    assert finsim.verify(copy).ok


def test_a_folder_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    finsim.export(folder, "prov", output=tmp_path / "out")
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    (tmp_path / "out" / RECORD).write_text(json.dumps({**record, "manifest_sha256": "0" * 64}))
    with pytest.raises(StudyError, match="another run"):
        finsim.export(folder, "sbom", output=tmp_path / "out")


def test_a_changed_manifest_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text.replace('"seed": 7', '"seed": 8', 1))
    with pytest.raises(FinsimError):
        finsim.export(copy, "prov", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["bars", "labels", "driver_days", "scorecard.json", "audit.log"])
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "grown"])
def test_a_changed_run_is_not_handed_over(folder: Path, tmp_path: Path, name: str, damage: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    file = copy / name if "." in name else copy / name / "scenario=base" / f"{name}.parquet"
    data = file.read_bytes()
    middle = len(data) // 2
    changed = {
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "grown": data + b"x",
    }
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(changed[damage])
    with pytest.raises(FinsimError) as caught:
        finsim.export(copy, "model-card", output=tmp_path / "out")
    assert file.name in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_every_changed_table_is_named_at_once(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    files = sorted(copy.glob("*/*/*.parquet"))
    for file in files:
        file.unlink()
    with pytest.raises(FinsimError) as caught:
        finsim.export(copy, "sbom", output=tmp_path / "out")
    assert len(caught.value.problems) == len(files)


@pytest.mark.parametrize("count", [1, 2])
def test_a_write_that_fails_leaves_what_was_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    finsim.export(folder, "prov", output=tmp_path / "out")
    before = content(tmp_path / "out")
    calls = []
    rename = os.replace

    def failing(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == count:
            raise OSError("disk full")
        rename(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        finsim.export(folder, "sbom", output=tmp_path / "out")
    assert content(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_format_that_fails_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(facts: object) -> dict[str, str]:
        raise StudyError("no")

    monkeypatch.setattr(prov_export, "documents", failing)
    with pytest.raises(StudyError):
        finsim.export(folder, "prov", output=tmp_path / "deep" / "out")
    assert list(tmp_path.iterdir()) == []


def test_all_wrong_arguments_are_told_at_once(folder: Path) -> None:
    with pytest.raises(StudyError) as caught:
        finsim.export(folder, None, output=None, record_price=-1, cpu_price=float("nan"))
    places = [problem.place for problem in caught.value.problems]
    assert places == [f"export: {name}" for name in ("format", "output", "record_price", "cpu_price")]


def test_the_command_says_what_it_wrote(folder: Path, tmp_path: Path) -> None:
    words = ["export", str(folder), "--as", "sbom", "-o", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    said = json.loads(done.output)
    assert said["outputs"] == [str(tmp_path / "out" / "sbom.cdx.json")]
    assert said["result"]["format"] == "sbom"


def test_an_unknown_format_gets_a_suggestion(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        finsim.export(folder, "crossaint", output=tmp_path / "out")
    assert caught.value.problems[0].remedy == "did you mean 'croissant'?"
    assert finsim.names("exports")["exports"].keys() == set(EXPORTS)
