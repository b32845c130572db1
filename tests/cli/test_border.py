"""The border of the command line to the system: refusals, signals, other machines, what a terminal shows."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import finsim
from finsim.cli import list_
from finsim.cli.border.local_places import local_words
from finsim.cli.border.shown_text import shown
from finsim.cli.border.signals import stopping
from finsim.cli.border.system_refusals import is_refusal, refused
from finsim.cli.main import main
from finsim.errors import StopSignal, StudyError
from finsim.records.storage import replacing


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(words)
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def failing(error: BaseException) -> Any:
    def verb(*args: Any, **kwargs: Any) -> None:
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "x", "runs/r/bars"), "runs/r/bars: the disk is full"),
        (PermissionError(errno.EACCES, "x", "data.csv"), "data.csv: no permission"),
        (OSError(errno.EROFS, "x"), "may only be read"),
        (OSError("Couldn't deserialize thrift"), "refused to read or write"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (pa.ArrowInvalid("Parquet magic bytes not found"), "magic bytes"),
        (pa.ArrowNotImplementedError("no such codec"), "no such codec"),
    ],
)
def test_what_the_system_refuses_is_bad_input_and_says_how_a_run_goes_on(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error.add_note("finsim run --resume 'my run'")
    monkeypatch.setattr("finsim.verbs.names.names", failing(error))
    monkeypatch.setattr(list_, "show", failing(error))
    code, out, err = said(["list", "scenarios", "--json"], capsys)
    assert code == 2, err
    assert words in err
    assert "fault of finsim" not in err
    assert "then `finsim run --resume 'my run'`" in err
    assert words.rpartition(": ")[2] in json.loads(out)["problems"][0]["found"]


def test_a_fault_of_our_own_stays_one_and_is_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_refusal(ValueError("x"))
    assert not is_refusal(RuntimeError("x"))
    monkeypatch.setattr(list_, "show", failing(KeyError("x")))
    code, out, err = said(["list", "scenarios", "--json"], capsys)
    assert code == 3
    assert "fault of finsim" in err
    assert json.loads(out)["problems"][0]["kind"] == "Fault"


def test_a_refusal_without_a_run_has_no_command() -> None:
    assert "`" not in refused(OSError(errno.ENOSPC, "x", "y")).problems[0].remedy


def test_a_refusal_without_a_file_names_the_run_that_was_under_way() -> None:
    full = OSError(errno.ENOSPC, "x")
    assert refused(full).problems[0].place == "finsim"
    full.add_note("finsim run --resume 'my run'")
    assert refused(full).problems[0].place == "my run"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_say_in_one_line_how_to_go_on(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def verb(*args: Any, **kwargs: Any) -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        except StopSignal as stop:
            stop.add_note("finsim run --resume runs/z")
            raise

    monkeypatch.setattr(list_, "show", verb)
    outer = signal.signal(number, before := signal.default_int_handler)  # a shell's `&` has SIGINT ignored
    try:
        code, out, err = said(["list", "scenarios", "--json"], capsys)
        assert (code, err) == (128 + number, "stopped; next: finsim run --resume runs/z\n")
        assert json.loads(out)["problems"][0]["remedy"] == "finsim run --resume runs/z"
        assert signal.getsignal(number) is before
    finally:
        signal.signal(number, outer)


def test_a_stop_outside_of_a_run_names_the_same_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(list_, "show", failing(StopSignal(15)))
    code, _, err = said(["list", "scenarios"], capsys)
    assert (code, err) == (143, "stopped; next: finsim list scenarios\n")


def test_a_second_signal_is_not_caught_and_ignored_ones_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        found: list[Any] = []

        def work() -> None:
            with stopping():
                found.append(signal.getsignal(signal.SIGINT))
                try:
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(1)
                finally:
                    found.append(signal.getsignal(signal.SIGTERM))

        with pytest.raises(StopSignal):
            work()
        assert found == [signal.SIG_IGN, signal.SIG_DFL]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_deep_in_compiled_code_ends_as_well() -> None:
    """Python calls no handler while one call into C runs; the watching thread ends the process."""
    code = (
        "import ctypes, os, signal, threading\n"
        "from finsim.cli.border import signals\n"
        "signals.PATIENCE = 0.2\n"
        "with signals.stopping(lambda number: print('said', number, flush=True)):\n"
        "    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"  # another thread gets it
        "    ctypes.CDLL(None).sleep(20)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (143, "said 15\n"), done.stderr


@pytest.mark.parametrize(
    "place", ["s3://bucket/x", "gs://b/x", "memory://x/y", "hdfs://h/x", "HTTPS://h/x", "az://c/x"]
)
def test_other_machines_are_refused_before_any_work(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ["simulate", f"--output={place}"], ["report", place], ["run", place],
        ["fit", "prices.csv", "--output", place], ["sample", place], ["inject", "x.csv", "-o", place],
    ):  # fmt: skip
        code, _, err = said(words, capsys)
        assert code == 2, err
        assert "not on this machine" in err
        assert "runs alone be written to one" in err
    with pytest.raises(StudyError, match="not on this machine"):
        finsim.simulate(output=Path(place), progress=False)
    assert not list(tmp_path.iterdir())


def test_file_urls_are_paths_and_a_colon_is_part_of_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert local_words(["run", "x", "-o", "file:///tmp/a%20b"], "run") == ["run", "x", "-o", "/tmp/a b"]
    assert local_words(["--output=file:///tmp/a", "--set=x=s3", "a:b"], "run") == [
        "--output=/tmp/a", "--set=x=s3", "a:b",
    ]  # fmt: skip
    with pytest.raises(StudyError, match="names a host"):
        local_words(["run", "-o", "file://host/x"], "run")
    monkeypatch.chdir(tmp_path)  # Arrow takes a name with a colon for a URL, unless the path is absolute
    finsim.simulate(accounts=200, days=1, output=Path("a:b"), progress=False)
    assert pa.parquet.read_table(tmp_path / "a:b/transactions.parquet").num_rows > 100
    finsim.check(Path("a:b"), rules="retail-tx")


def test_a_terminal_shows_control_characters_as_escapes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    title = r"\e]0;owned\a \r\u202Eabc\u200B\nnext: rm -rf x"
    text = f'finsim: study/1\nid: t\ntitle: "{title}"\ntransactions: {{accounts: 200, days: 1}}\n'
    (tmp_path / "t.yaml").write_text(text + "evaluation: off\n")
    code, out, _ = said(["plan", str(tmp_path / "t.yaml")], capsys)
    assert code == 0
    assert not set(out) & set("\x1b\x07\r\u202e\u200b")
    assert "\\x1b]0;owned\\x07" in out
    assert not [line for line in out.splitlines() if line.startswith("next: rm")]
    (tmp_path / "u.yaml").write_text(text + 'scenarios: ["x\\e[2Jy"]\n')
    code, _, err = said(["plan", str(tmp_path / "u.yaml")], capsys)
    assert code == 2
    assert "\x1b" not in err
    assert shown("tab\tand\nline, é, 日本, \u202f5 %") == "tab\tand\nline, é, 日本, \u202f5 %"
    assert shown("\x00\x7f\x9b\u2066") == r"\x00\x7f\x9b\u2066"


def test_places_are_told_where_a_disk_names_none(tmp_path: Path) -> None:
    def write() -> None:
        with replacing(tmp_path / "loans.parquet") as part:
            part.write_text("half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full") as caught:
        write()
    assert caught.value.filename == str(tmp_path / "loans.parquet")
    assert not list(tmp_path.iterdir())
