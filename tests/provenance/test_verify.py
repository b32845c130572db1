"""Verification: every kind of damage to a run is found and named."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.manifest import NAME, read_manifest, write_manifest
from finsim.provenance.verify import REWRITTEN, SEALED, Verification, verify_run
from finsim.records.storage import digest_file, write_text

BARS = "bars/scenario=base/bars.parquet"
LONG = "transactions/scenario=base/transactions.parquet"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def only(checked: Verification) -> tuple[str, str]:
    assert not checked.ok
    assert len(checked.findings) == 1, checked.to_text()
    assert checked.first is not None
    return checked.first.path, checked.first.found


def test_an_untouched_run_agrees(finished: Path) -> None:
    checked = verify_run(finished)
    assert checked.ok
    assert (checked.tables, checked.files, checked.first) == (18, 5, None)
    assert "every hash agrees" in checked.to_text()
    json.dumps(checked.to_dict())


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_flipped_byte_of_a_table_goes_unnoticed(finished: Path, data: st.DataObject) -> None:
    manifest = read_manifest(finished)
    name = data.draw(st.sampled_from([item["path"] for item in manifest.outputs]))
    path = finished / name
    before = path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    try:
        flip(path, at)
        assert only(verify_run(finished))[0] == name
    finally:
        path.write_bytes(before)


def test_the_changed_row_group_is_named(run: Path) -> None:
    facts = pq.read_metadata(run / LONG)
    flip(run / LONG, facts.row_group(2).column(0).data_page_offset + 30)
    assert only(verify_run(run)) == (LONG, "row group 2 was changed")


def test_a_changed_footer_is_told_from_changed_rows(run: Path) -> None:
    size = (run / LONG).stat().st_size
    flip(run / LONG, size - 40)
    assert only(verify_run(run)) == (LONG, "the footer was changed")
    flip(run / LONG, size - 40)
    flip(run / LONG, 0)
    assert only(verify_run(run)) == (LONG, "the header was changed")


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def misname(path: Path) -> None:
    path.rename(path.with_name("other.parquet"))


@pytest.mark.parametrize(
    ("name", "damage", "paths", "found"),
    [
        (BARS, Path.unlink, [BARS], "missing"),
        (BARS, append, [BARS], "bytes; the manifest says"),
        (BARS, misname, [BARS, "bars/scenario=base/other.parquet"], "missing"),
        ("scorecard.json", append, ["scorecard.json"], "the file was changed"),
        ("report.html", append, ["report.html"], "the file was changed"),
        ("model/weights.safetensors", Path.unlink, ["model/weights.safetensors"], "missing"),
        ("lineage/sequences.parquet", append, ["lineage/sequences.parquet"], "changed"),
        ("audit.log", Path.unlink, ["audit.log"], "no audit log"),
    ],
)
def test_damage_is_named(
    run: Path, name: str, damage: Callable[[Path], object], paths: list[str], found: str
) -> None:
    damage(run / name)
    checked = verify_run(run)
    assert [finding.path for finding in checked.findings] == paths
    assert checked.first is not None
    assert found in checked.first.found
    assert paths[0] in checked.to_text()


def test_an_extra_table_is_found_but_work_files_are_not(run: Path) -> None:
    extra = run / "loans" / "scenario=base" / "more.parquet"
    extra.write_bytes((run / BARS).read_bytes())
    assert only(verify_run(run)) == ("loans/scenario=base/more.parquet", "the table is not in the manifest")
    extra.unlink()
    (run / ".finsim" / "done").mkdir()
    (run / ".finsim" / "done" / "x.parquet").write_bytes(b"")
    (run / "bars" / "scenario=base" / ".bars.parquet.77.part").write_bytes(b"half")
    (run / "notes.txt").write_text("mine")
    assert verify_run(run).ok


def test_a_broken_log_is_named_by_its_line(run: Path) -> None:
    lines = (run / "audit.log").read_bytes().splitlines(keepends=True)
    (run / "audit.log").write_bytes(b"".join([*lines[:3], *lines[4:]]))
    path, found = only(verify_run(run))
    assert path == "audit.log"
    assert found.startswith("line 4: ")


def test_a_log_cut_at_its_end_is_found(run: Path) -> None:
    """The chain itself is whole; only the manifest knows that there was more."""
    lines = (run / "audit.log").read_bytes().splitlines(keepends=True)
    (run / "audit.log").write_bytes(b"".join(lines[:-1]))
    assert only(verify_run(run)) == ("audit.log", "19 entries; the manifest was written after 20")


def test_a_log_written_anew_is_found(run: Path) -> None:
    count = len((run / "audit.log").read_bytes().splitlines())
    (run / "audit.log").unlink()
    log = AuditLog(run / "audit.log")
    for _ in range(count):
        log.append("written", "x", {})
    path, found = only(verify_run(run))
    assert (path, found) == ("audit.log", "line 20: not the entry that the manifest names as head")


def test_entries_after_the_manifest_are_fine(run: Path) -> None:
    AuditLog(run / "audit.log").append("exported", "sqlite", {})
    assert verify_run(run).ok


def test_a_report_written_anew_agrees_when_the_log_says_so(run: Path) -> None:
    write_text(run / "report.html", "<html>newer</html>")
    assert only(verify_run(run))[0] == "report.html"
    log = AuditLog(run / "audit.log")
    log.append(REWRITTEN, "report.html", {"sha256": digest_file(run / "report.html")})
    assert verify_run(run).ok
    append(run / "report.html")
    assert only(verify_run(run))[0] == "report.html"


def test_a_table_cannot_be_excused_by_the_log(run: Path) -> None:
    append(run / BARS)
    AuditLog(run / "audit.log").append(REWRITTEN, BARS, {"sha256": digest_file(run / BARS)})
    assert only(verify_run(run))[0] == BARS


def test_a_manifest_swapped_for_another_is_found_by_its_seal(run: Path) -> None:
    AuditLog(run / "audit.log").append(SEALED, NAME, {"sha256": digest_file(run / NAME)})
    assert verify_run(run).ok
    manifest = read_manifest(run)
    forged = type(manifest)(**{**manifest.to_dict(), "created": "2020-01-01T00:00:00+00:00", "sha256": ""})
    forged = type(manifest)(**{**forged.to_dict(), "sha256": forged.digest()})
    write_manifest(run, forged)
    assert only(verify_run(run)) == (NAME, "not the manifest that the audit log names")


def test_a_folder_that_is_no_run_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError) as caught:
        verify_run(tmp_path)
    assert caught.value.exit_code == 2


def test_an_unfinished_run_is_told_to_go_on(run: Path) -> None:
    (run / "manifest.json").unlink()
    with pytest.raises(ProvenanceError) as caught:
        verify_run(run)
    assert caught.value.problems[0].found == "this run is not finished"
    assert caught.value.problems[0].remedy == f"finsim run --resume {run}"
