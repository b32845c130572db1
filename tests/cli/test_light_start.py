"""``--help``, ``list`` and ``check`` start without torch; every verb has help with an example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from finsim.cli.main import app

VERBS = sorted(str(command.name) for command in app.registered_commands)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["schema", "study"], ["list", "scenarios"], ["check"]]
)
def test_torch_is_not_imported(arguments: list[str], tmp_path: Path) -> None:
    if arguments == ["check"]:
        bars = tmp_path / "bars.csv"
        bars.write_text(
            "date,open,high,low,close,volume\n2024-01-02,1,2,0.5,1.5,10\n2024-01-03,1.5,2,0.5,1.52,9\n"
        )
        arguments = ["check", str(bars), "--rules", "ohlcv"]
    code = (
        "import sys\nfrom finsim.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\nassert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_check_of_text_builds_one_verb_and_no_reader_of_parquet(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("amount\n1\n2\n")
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "finsim-rules: 1\npack: {id: own, version: 1.0.0, title: Own}\n"
        "columns: {amount: {type: float}}\nrules: [{id: positive, check: amount > 0}]\n"
    )
    code = (
        "import sys\nfrom typer import main as typer_main\nfrom finsim.cli.main import main\n"
        "built, build = [], typer_main.get_command_from_info\n"
        "def counted(command_info, **rest):\n    built.append(command_info.name)\n"
        "    return build(command_info, **rest)\n"
        "typer_main.get_command_from_info = counted\n"
        f"try:\n    main(['check', {str(table)!r}, '--rules', {str(rules)!r}])\nexcept SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        "assert 'pyarrow.parquet' not in sys.modules\nassert built == ['check'], built\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example_and_json(verb: str) -> None:
    shown = CliRunner().invoke(app, [verb, "--help"])
    assert shown.exit_code == 0
    assert f"Example: finsim {verb}" in " ".join(shown.output.split())
    assert "--json" in shown.output


def test_all_promised_verbs_are_there() -> None:
    promised = "new plan run fit sample simulate stress check evaluate trace verify report list compare show"
    assert (
        sorted([*promised.split(), "inject", "schema", "sign", "export", "curriculum", "simulate-book"])
        == VERBS
    )
