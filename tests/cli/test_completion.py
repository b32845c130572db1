"""Completion in bash, zsh and fish: verbs, options, names, files, runs; nothing heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from finsim.cli.main import main

HEAVY = ("torch", "pandas", "pyarrow", "scipy", "numba", "rich")


def completed(words: str, folder: Path) -> list[str]:
    """What bash offers for the last word."""
    parts = words.split(" ")
    environment = {
        **os.environ,
        "_FINSIM_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(parts) - 1),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: [sys.stderr.write(name) for name in {HEAVY!r} if name in sys.modules])\n"
        "from finsim.cli.main import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == "", f"imports {done.stderr}"
    return done.stdout.split("\n")[:-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runs" / "mine" / "credit" / "base").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "manifest.json").write_text("{}")
    (tmp_path / "runs" / "mine" / "credit" / "base" / "loans.parquet").write_bytes(b"")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    for name in ("prices.csv", "study.yaml", "notes.docx"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered", "refused"),
    [
        ("finsim st", ["stress"], ["run"]),
        ("finsim run qu", ["quickstart"], ["prices.csv"]),
        ("finsim run s", ["study.yaml"], ["notes.docx"]),
        ("finsim stress runs/mine --scenario cov", ["covid-2020"], ["gfc-2008"]),
        ("finsim stress ru", ["runs/", "runs/mine"], ["model"]),
        ("finsim check prices.csv --rules ", ["ohlcv", "retail-tx", "study.yaml"], ["prices.csv"]),
        ("finsim check p", ["prices.csv"], ["study.yaml"]),
        (
            "finsim fit prices.csv --generator ",
            ["bootstrap", "daily_flow", "flow", "garch", "rcgan", "regime", "timegan", "timevae", "var"],
            ["ohlcv"],
        ),
        ("finsim simulate --narrative account_", ["account_takeover"], ["covid-2020"]),
        ("finsim simulate --schemes account_", ["account_takeover="], ["account_takeover"]),
        ("finsim show german", ["german_credit"], ["quickstart"]),
        ("finsim list ", ["scenarios", "data"], ["prices.csv"]),
        ("finsim sample ", ["model"], ["prices.csv"]),
        ("finsim compare runs/", ["runs/mine"], ["model"]),
        ("finsim trace runs/mine ", ["credit/base/loans"], ["prices.csv"]),
        ("finsim sample model --pa", ["--paths"], ["--steps"]),
        ("finsim rules ", ["lint", "docs"], ["run"]),
        ("finsim narrative ", ["check", "show"], ["run"]),
        ("finsim narrative show account_", ["account_takeover"], ["covid-2020"]),
        ("finsim narrative check s", ["study.yaml", "scatter_gather_structuring"], ["prices.csv"]),
    ],
)
def test_names_are_offered(words: str, offered: list[str], refused: list[str], folder: Path) -> None:
    found = completed(words, folder)
    assert not set(offered) - set(found), found
    assert not set(refused) & set(found)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_of_shells(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--show-completion", shell])
    assert f"_FINSIM_COMPLETE=complete_{shell}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/finsim.sh"),
        ("zsh", ".zfunc/_finsim"),
        ("fish", ".config/fish/completions/finsim.fish"),
    ],
)
def test_completion_is_installed_at_home(
    shell: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SystemExit, match="0"):
        main(["--install-completion", shell])
    assert (tmp_path / file).read_text()
    assert file in capsys.readouterr().out
