"""Every data format: found in its file, the same bytes again, nothing of the model beside features."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import finsim
from finsim.cli.main import app
from finsim.errors import FinsimError, StudyError
from finsim.exports import DOCUMENTS, EXPORTS
from finsim.exports.export_catalog import BARS, PAYMENTS, formats
from finsim.exports.export_folder import RECORD, read_record
from finsim.exports.export_format import Export
from finsim.exports.payments import paysim
from finsim.verbs.handover.handed_source import Wanted, handed

Handed = Callable[[str], Path]
OF_PAYMENTS = [name for name in EXPORTS if EXPORTS.made_of(name) == PAYMENTS]
OF_BARS = [name for name in EXPORTS if EXPORTS.made_of(name) == BARS and name != "nautilus"]
SECRETS = ("_fs_src", "_fs_seq", "order_id", "instance", "narrative", "phase", "role", "purpose")
BESIDE = ("labels", "patterns")  # side files, and tables of a database that are apart
TABLES = [name for name in OF_PAYMENTS if name not in ("duckdb", "graphml")]


def files(folder: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return {name: data for name, data in found.items() if name != RECORD}


def test_formats_are_found_in_their_files_as_they_say() -> None:
    found = formats()
    assert {*found, *DOCUMENTS} == set(EXPORTS)
    assert len(found) >= 17
    for name, one in found.items():
        item = EXPORTS.load(name) if not one.entry.extra or not EXPORTS.lacks(name) else None
        assert item is None or isinstance(item, Export)
        if item:
            assert (item.name, item.summary, item.options, item.extra) == (
                name, one.entry.summary, one.options, one.entry.extra,
            )  # fmt: skip


def test_a_file_in_a_room_is_an_export(tmp_path: Path) -> None:
    room = tmp_path / "bars"
    room.mkdir()
    (room / "mine.py").write_text('EXPORT = Export(\n    name="mine",\n    summary="own",\n    write=w,\n)\n')
    (room / "other.py").write_text("NOTHING = 1\n")
    assert [(name, one.room, one.entry.target) for name, one in formats(tmp_path).items()] == [
        ("mine", "bars", "finsim.exports.bars.mine:EXPORT")
    ]


@pytest.mark.parametrize("name", OF_PAYMENTS)
def test_the_same_world_gives_the_same_bytes(
    handed_over: Handed, world: Path, tmp_path: Path, name: str
) -> None:
    if name == "duckdb":
        pytest.skip("DuckDB writes numbers of its own into its header")
    finsim.export(world, name, output=tmp_path / "again")
    assert files(tmp_path / "again") == files(handed_over(name))


@pytest.fixture(scope="module")
def cut(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same world in row groups of 999 rows."""
    folder = tmp_path_factory.mktemp("cut")
    for file in world.glob("*.parquet"):
        pq.write_table(pq.read_table(file), folder / file.name, row_group_size=999)
    return folder


@pytest.mark.parametrize("name", OF_PAYMENTS)
def test_how_a_file_is_cut_changes_nothing(
    handed_over: Handed, world: Path, cut: Path, tmp_path: Path, name: str
) -> None:
    if EXPORTS.lacks(name):
        pytest.skip(f"{name} is not installed")
    finsim.export(cut, name, output=tmp_path / "cut")
    mine, theirs = files(tmp_path / "cut"), files(handed_over(name))
    assert list(mine) == list(theirs)
    for file in mine:
        if file.endswith(".parquet"):
            read = [pq.read_table(folder / file) for folder in (tmp_path / "cut", handed_over(name))]
            assert read[0].equals(read[1])
        elif not file.endswith(".duckdb"):
            assert mine[file] == theirs[file], file


@pytest.mark.parametrize("name", OF_BARS)
def test_the_same_bars_give_the_same_bytes(folder: Path, tmp_path: Path, name: str) -> None:
    day = "2012-01-03"
    for place in ("one", "two"):
        finsim.export(folder, name, output=tmp_path / place, from_date=day)
    assert files(tmp_path / "one") == files(tmp_path / "two") != {}


@pytest.mark.parametrize("name", TABLES)
def test_no_column_of_the_model_stands_beside_features(handed_over: Handed, name: str) -> None:
    looked = 0
    for path in handed_over(name).glob("*"):
        if path.stem.rpartition("_")[2] in BESIDE:
            continue
        if path.suffix == ".parquet":
            columns = pq.read_schema(path).names
        elif path.suffix == ".csv":
            with path.open(newline="") as text:
                columns = next(csv.reader(text))
        elif path.suffix == ".safetensors":
            columns = path.read_bytes()[8:4096].decode(errors="replace").split('"')
        else:
            continue
        looked += 1
        told = {column.partition(":")[0].lower().rpartition("/")[2] for column in columns}
        assert told.isdisjoint(SECRETS), path.name
    assert looked


@pytest.mark.parametrize("name", OF_PAYMENTS)
def test_nothing_says_where_it_was_made(handed_over: Handed, world: Path, name: str) -> None:
    for data in files(handed_over(name)).values():
        assert str(world).encode() not in data


def test_files_of_different_formats_have_different_names(
    handed_over: Handed, folder: Path, tmp_path: Path
) -> None:
    names = [file for name in OF_PAYMENTS for file in files(handed_over(name))]
    for name in OF_BARS:
        finsim.export(folder, name, output=tmp_path / name, from_date="2012-01-03")
        names += files(tmp_path / name)
    assert len(names) == len(set(names))


def test_formats_of_one_run_share_a_folder(folder: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for name in ("amlworld", "zipline", "vectorbt", "prov"):
        day = {"from_date": "2012-01-03"} if name == "zipline" else {}
        finsim.export(folder, name, output=tmp_path / "out", **day)
    record = read_record(tmp_path / "out")
    assert list(record["exports"]) == ["amlworld", "prov", "vectorbt", "zipline"]
    listed = {file for found in record["exports"].values() for file in found}
    assert listed == set(files(tmp_path / "out"))
    assert "zipline/daily/IBM.csv" in listed
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    finsim.export(folder, "zipline", output=tmp_path / "out", from_date="2013-01-02")
    assert set(files(tmp_path / "out")) == listed


@pytest.mark.parametrize("plant", ["zipline/daily/MINE.csv", "zipline/notes.txt", "empty/"])
def test_somebody_elses_file_in_a_folder_of_ours_is_refused(folder: Path, tmp_path: Path, plant: str) -> None:
    out = tmp_path / "out"
    finsim.export(folder, "zipline", output=out, from_date="2012-01-03")
    (out / plant).parent.mkdir(exist_ok=True)
    (out / plant).mkdir() if plant.endswith("/") else (out / plant).write_text("mine")
    with pytest.raises(StudyError, match=f"no export wrote: {plant.rstrip('/')}"):
        finsim.export(folder, "zipline", output=out, from_date="2012-01-03")


@pytest.mark.parametrize("file", ["../mine.txt", "/etc/hostname", "a/../../mine.txt", ""])
def test_a_record_that_names_files_outside_is_not_believed(folder: Path, tmp_path: Path, file: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    out = tmp_path / "out"
    finsim.export(folder, "prov", output=out)
    record = json.loads((out / RECORD).read_text())
    record["exports"]["sbom"] = {file: "0" * 64}
    (out / RECORD).write_text(json.dumps(record))
    with pytest.raises(StudyError, match="no export wrote"):
        finsim.export(folder, "sbom", output=out)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_format_that_fails_in_the_middle_leaves_what_was_there(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finsim.export(world, "paysim", output=tmp_path / "out")
    before = files(tmp_path / "out")

    def failing(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(paysim.CsvRows, "write", failing)
    with pytest.raises(OSError, match="disk full"):
        finsim.export(world, "paysim", output=tmp_path / "out")
    assert files(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["amlworld", "csv"])
def test_a_changed_run_is_not_handed_over(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    table = "labels" if name == "amlworld" else "bars"
    file = copy / table / "scenario=base" / f"{table}.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(FinsimError, match=file.name):
        finsim.export(copy, name, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_world_is_not_put_beside(world: Path, tmp_path: Path) -> None:
    finsim.export(world, "paysim", output=tmp_path / "out")
    other = Path(shutil.copytree(world, tmp_path / "other"))
    os.replace(other / "accounts.parquet", other / "x")
    frame = pd.read_parquet(other / "x")
    frame.assign(overdraft_limit=0).to_parquet(other / "accounts.parquet")
    (other / "x").unlink()
    with pytest.raises(StudyError, match="another run"):
        finsim.export(other, "paysim", output=tmp_path / "out")


@pytest.mark.parametrize(("name", "found"), [("csv", "no bars here"), ("prov", "not a finished run")])
def test_a_simulated_world_has_no_bars_and_no_manifest(
    world: Path, tmp_path: Path, name: str, found: str
) -> None:
    with pytest.raises(StudyError, match=found):
        finsim.export(world, name, output=tmp_path / "out")


@pytest.mark.parametrize("name", [*OF_PAYMENTS, *OF_BARS])
def test_what_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FinsimError):
        finsim.export(tmp_path / "nothing", name, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("table", ["transactions", "bars"])
def test_a_run_without_a_table_says_so(folder: Path, table: str) -> None:
    whole = handed(folder)
    less = [item for item in whole.manifest["outputs"] if not item["path"].startswith(f"{table}/")]
    without = replace(whole, manifest={**whole.manifest, "outputs": less})
    read = without.bars if table == "bars" else partial(without.payments, format=EXPORTS.load("paysim"))
    with pytest.raises(StudyError, match=f"no {table} here"):
        read(Wanted())


def test_the_command_takes_the_same_options(world: Path, tmp_path: Path) -> None:
    words = [
        "export",
        str(world),
        "--as",
        "paysim",
        "--as-of",
        "2026-01-18",
        "--bank",
        "2",
        "--prevalence",
        "0.2",
    ]
    done = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "cli"), "--json"])
    assert done.exit_code == 0, done.output
    finsim.export(world, "paysim", output=tmp_path / "py", as_of="2026-01-18", bank=2, prevalence=0.2)
    assert files(tmp_path / "cli") == files(tmp_path / "py")
    wrong = CliRunner().invoke(
        app, ["export", str(world), "--as", "paysim", "--from", "2012-01-03", "-o", "x"]
    )
    assert isinstance(wrong.exception, StudyError)
    assert "from_date: cannot act on paysim" in str(wrong.exception)
