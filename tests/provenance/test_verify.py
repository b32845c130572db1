"""Verification: every kind of damage to a run is found and named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.manifest import NAME, read_manifest, write_manifest
from finsim.provenance.verify import REWRITTEN, SEALED, Finding, Verification, verify_run
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
    shutil.rmtree(run / ".finsim")
    assert verify_run(run).ok


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("notes.txt", "the file is not in the manifest"),
        (".notes", "the file is not in the manifest (a hidden name)"),
        (".finsim/done/x.parquet", "a file among the checkpoints that the run did not leave"),
        ("bars/scenario=base/.bars.parquet.77.part", "not in the manifest (a hidden name)"),
        ("bars/.hidden/bars.parquet", "the table is not in the manifest (a hidden name)"),
        ("Report.html", "its name differs from report.html only in case"),
        ("model/more/note", "the file is not in the manifest"),
        ("attestation.dsse.json", "the file is not in the manifest"),
    ],
)
def test_an_unknown_file_is_named(run: Path, name: str, found: str) -> None:
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).write_bytes(b"mine")
    checked = verify_run(run)
    assert {finding.path for finding in checked.findings} == {name}
    assert checked.first is not None
    assert found in checked.first.found


def test_an_empty_folder_is_named(run: Path) -> None:
    (run / "secret").mkdir()
    assert only(verify_run(run)) == ("secret", "an empty folder that the run did not make")


def test_a_name_that_hides_something_is_written_out(run: Path) -> None:
    (run / "a\u202egnp.exe\n").write_bytes(b"")
    (run / os.fsdecode(b"b\xff")).write_bytes(b"")
    text = verify_run(run).to_text()
    assert "a\\u202egnp.exe\\n: the file" in text
    assert "b\\udcff: the file" in text
    text.encode()


@pytest.mark.parametrize(
    "name", [BARS, "bars", "model/weights.safetensors", "manifest.json", "audit.log", "report.html"]
)
def test_a_link_is_named_and_not_followed(run: Path, tmp_path: Path, name: str) -> None:
    """The link leads to the very bytes, so only the link itself can tell."""
    other = tmp_path / "elsewhere"
    (run / name).rename(other)
    (run / name).symlink_to(other)
    checked = verify_run(run)
    assert Finding(name, f"a symbolic link (to {other}); it was not followed") in checked.findings
    assert {finding.path for finding in checked.findings} == {name}


def test_a_link_to_a_device_or_a_pipe_does_not_stop_it(run: Path) -> None:
    (run / "endless").symlink_to("/dev/zero")
    (run / "loop").symlink_to(run)
    os.mkfifo(run / "pipe")
    found = {finding.path: finding.found for finding in verify_run(run).findings}
    assert found["pipe"] == "not a regular file; it was not opened"
    assert set(found) == {"endless", "loop", "pipe"}


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
    path, found = only(verify_run(run))
    assert (path, found[:24]) == ("audit.log", "no seal: the log ends at")
    (run / "audit.log").write_bytes(b"".join(lines[:-2]))
    expected = "19 entries; the manifest was written after 20, and its seal is gone"
    assert only(verify_run(run)) == ("audit.log", expected)


def test_a_log_written_anew_is_found(run: Path) -> None:
    count = len((run / "audit.log").read_bytes().splitlines())
    (run / "audit.log").unlink()
    log = AuditLog(run / "audit.log")
    for _ in range(count):
        log.append("written", "x", {})
    found = [finding.found for finding in verify_run(run).findings if finding.path == "audit.log"]
    assert found[0].startswith("no seal")
    assert "line 20: not the entry that the manifest names as head" in found


def test_what_no_command_writes_may_not_follow_the_seal(run: Path) -> None:
    AuditLog(run / "audit.log").append("approved", "the board", {})
    assert only(verify_run(run)) == (
        "audit.log",
        "line 22: 'approved' of 'the board' may not follow the seal",
    )


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
    assert [finding.path for finding in verify_run(run).findings] == [BARS, "audit.log"]


def test_a_manifest_swapped_for_another_is_found_by_its_seal(run: Path) -> None:
    manifest = read_manifest(run)
    forged = type(manifest)(**{**manifest.to_dict(), "created": "2020-01-01T00:00:00+00:00", "sha256": ""})
    forged = type(manifest)(**{**forged.to_dict(), "sha256": forged.digest()})
    write_manifest(run, forged)
    assert only(verify_run(run)) == (NAME, "not the manifest that the audit log names (line 21)")
    AuditLog(run / "audit.log").append(SEALED, NAME, {"sha256": digest_file(run / NAME)})
    assert "audit.log: 2 seals (lines 21, 22); a finished run has one" in verify_run(run).to_text()


def test_a_folder_that_is_no_run_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError) as caught:
        verify_run(tmp_path)
    assert caught.value.exit_code == 2


def test_a_sealed_run_without_its_manifest_is_not_unfinished(run: Path) -> None:
    (run / "manifest.json").unlink()
    assert only(verify_run(run)) == (NAME, "the file is missing")


def test_an_unfinished_run_is_told_to_go_on(run: Path) -> None:
    (run / "manifest.json").unlink()
    lines = (run / "audit.log").read_bytes().splitlines(keepends=True)
    (run / "audit.log").write_bytes(b"".join(lines[:-2]))
    with pytest.raises(ProvenanceError) as caught:
        verify_run(run)
    assert caught.value.problems[0].found == "this run is not finished"
    assert caught.value.problems[0].remedy == f"finsim run --resume {run}"


@pytest.mark.parametrize("section", ["approved", "rules"])
def test_a_manifest_with_another_section_is_named_even_where_the_seal_fits(run: Path, section: str) -> None:
    data = json.loads((run / NAME).read_text())
    data.pop(section) if section in data else data.update({section: "by the board"})
    (run / NAME).write_text(json.dumps(data))
    lines = (run / "audit.log").read_text().splitlines()
    (run / "audit.log").write_text("".join(f"{line}\n" for line in lines[:-1]))
    AuditLog(run / "audit.log").append(SEALED, NAME, {"sha256": digest_file(run / NAME)})
    assert (NAME, f"not as finsim writes it: {section}") in [
        (finding.path, finding.found) for finding in verify_run(run).findings
    ]
