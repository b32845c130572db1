"""The audit log: what breaks the chain is found, what a kill tore off is mended and told."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import GENESIS, REPAIRED, AuditLog, read_log, verify_log
from finsim.records.storage import canonical_json, digest_text


def filled(path: Path, count: int = 6) -> AuditLog:
    log = AuditLog(path)
    for number in range(count):
        log.append("written", f"market/base/{number}.parquet", {"rows": number, "größe": 1.5, "none": None})
    return log


def test_entries_hash_their_canonical_json_and_the_one_before(tmp_path: Path) -> None:
    log = filled(tmp_path / "audit.log", 3)
    lines = (tmp_path / "audit.log").read_text().splitlines()
    before = GENESIS
    for number, line in enumerate(lines):
        entry = json.loads(line)
        digest = entry.pop("hash")
        assert digest == digest_text(canonical_json(entry))
        assert (entry["seq"], entry["prev"]) == (number, before)
        before = digest
    assert verify_log(tmp_path / "audit.log") == (3, before)
    assert log.head == before
    assert len(log) == 3


def test_a_log_is_continued_by_any_number_of_writers_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    first, second = AuditLog(path), AuditLog(path)
    for number in range(3):
        first.append("a", str(number), {})
        second.append("b", str(number), {})
        AuditLog(path).append("c", str(number), {})
    assert verify_log(path)[0] == 9
    assert [entry.event for entry in read_log(path)] == ["a", "b", "c"] * 3


def test_opening_writes_nothing(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.log")
    assert (len(log), log.head) == (0, GENESIS)
    assert not (tmp_path / "audit.log").exists()


@pytest.mark.parametrize("payload", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}])
def test_a_payload_that_is_no_json_is_refused_and_not_written(
    tmp_path: Path, payload: dict[str, object]
) -> None:
    log = filled(tmp_path / "audit.log", 2)
    with pytest.raises(ProvenanceError, match="is not JSON"):
        log.append("x", "y", payload)
    assert verify_log(tmp_path / "audit.log")[0] == 2
    log.append("x", "y", {})
    assert verify_log(tmp_path / "audit.log")[0] == 3


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("change", "line", "found"),
    [
        (lambda rows: [*rows[:2], rows[2].replace(b'"rows":2', b'"rows":9'), *rows[3:]], 3, "was changed"),
        (lambda rows: [*rows[:2], *rows[3:]], 3, "does not follow"),
        (lambda rows: [*rows[:3], rows[2], *rows[3:]], 4, "does not follow"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], 1, "does not follow"),
        (lambda rows: rows[1:], 1, "does not follow"),
        (lambda rows: [*rows[:4], b"garbage\n", *rows[4:]], 5, "not JSON"),
        (lambda rows: [*rows[:4], b"\n", *rows[4:]], 5, "not JSON"),
        (lambda rows: [*rows[:4], b"[]\n", *rows[4:]], 5, "not an audit entry"),
        (lambda rows: [*rows[:1], rows[1].replace(b'{"event"', b'{ "event"'), *rows[2:]], 2, "canonical"),
        (lambda rows: [*rows[:1], b"\xff" + rows[1][1:], *rows[2:]], 2, "not JSON"),
        (lambda rows: [*rows, rows[-1][:40]], 7, "torn"),
    ],
)
def test_every_break_is_named_by_its_line(tmp_path: Path, change, line: int, found: str) -> None:
    path = tmp_path / "audit.log"
    filled(path)
    path.write_bytes(b"".join(change(_lines(path))))
    with pytest.raises(ProvenanceError, match=found) as caught:
        verify_log(path)
    assert caught.value.problems[0].place == f"{path}:{line}"


def test_an_entry_forged_with_its_own_hash_breaks_the_next(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    filled(path)
    rows = _lines(path)
    entry = json.loads(rows[2])
    del entry["hash"]
    entry["payload"]["rows"] = 99
    entry["hash"] = digest_text(canonical_json(entry))
    path.write_bytes(b"".join([*rows[:2], canonical_json(entry).encode() + b"\n", *rows[3:]]))
    with pytest.raises(ProvenanceError) as caught:
        verify_log(path)
    assert caught.value.problems[0].place == f"{path}:4"


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(deadline=None, max_examples=80)
def test_no_single_changed_byte_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, at: int, by: int
) -> None:
    path = tmp_path_factory.mktemp("byte") / "audit.log"
    filled(path, 3)
    text = bytearray(path.read_bytes())
    text[at % len(text)] ^= by
    path.write_bytes(bytes(text))
    with pytest.raises(ProvenanceError):
        verify_log(path)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=40)
def test_a_log_torn_anywhere_is_mended_and_says_so(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "audit.log"
    filled(path, 4)
    text = path.read_bytes()
    kept = text[: at % len(text)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")
    torn = len(kept) - (kept.rfind(b"\n") + 1)
    log = AuditLog(path)
    log.append("run_resumed", "mini", {})
    entries = read_log(path)
    assert [entry.event for entry in entries] == (
        ["written"] * whole + ([REPAIRED] if torn else []) + ["run_resumed"]
    )
    if torn:
        assert entries[whole].payload["bytes_cut"] == torn


def test_a_break_in_the_middle_is_not_mended(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    filled(path)
    rows = _lines(path)
    damaged = b"".join([*rows[:2], rows[3], *rows[4:], b'{"torn'])
    path.write_bytes(damaged)
    with pytest.raises(ProvenanceError, match="does not follow"):
        AuditLog(path)
    assert path.read_bytes() == damaged


def test_a_log_of_zeros_after_a_power_cut_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    filled(path, 2)
    path.write_bytes(path.read_bytes() + bytes(300))
    assert len(AuditLog(path)) == 3
    assert verify_log(path)[0] == 3


def test_a_killed_writer_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    code = (
        "import sys\nfrom finsim.provenance.audit_log import AuditLog\nlog = AuditLog(sys.argv[1])\n"
        "for k in range(10**6):\n"
        "    log.append('written', str(k), {'text': 'x' * 500})\n    print(k, flush=True)\n"
    )
    for round_ in range(3):
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            confirmed = int(writer.stdout.readline())
            time.sleep(0.01 * round_)
            writer.kill()
            confirmed = max([confirmed, *(int(line) for line in writer.stdout.read().split()[:-1])])
        log = AuditLog(path)
        subjects = [entry.subject for entry in read_log(path) if entry.event == "written"]
        assert str(confirmed) in subjects
        log.append("run_resumed", "mini", {})
        verify_log(path)


def test_a_run_without_a_log_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="no audit log"):
        verify_log(tmp_path / "audit.log")
