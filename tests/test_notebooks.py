"""The notebooks are short, clean and run from top to bottom without a network."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_LINES, MOST_BYTES = 60, 250_000


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def lines_of_code(path: Path) -> list[str]:
    lines = [line for cell in cells(path, "code") for line in "".join(cell["source"]).splitlines()]
    return [line for line in lines if line.strip()]


def test_the_three_notebooks_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"fraud_team", "risk_team", "quant"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestShape:
    def test_its_answers_are_stored_and_nothing_of_the_machine(self, path: Path) -> None:
        outputs = [output for cell in cells(path, "code") for output in cell["outputs"]]
        assert [output for output in outputs if "image/png" in output.get("data", {})]
        assert [output for output in outputs if output["output_type"] == "execute_result"]
        assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
        assert all(cell["metadata"] == {} for cell in cells(path, "code"))
        assert not re.search(r"/(home|tmp|work|root)/|bokeh|<script|https?:", json.dumps(outputs))

    def test_it_is_short(self, path: Path) -> None:
        assert 10 < len(lines_of_code(path)) <= MOST_LINES
        assert path.stat().st_size < MOST_BYTES

    def test_it_explains_itself_before_its_code(self, path: Path) -> None:
        kinds = [cell["cell_type"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        assert kinds[0] == kinds[-1] == "markdown"
        assert "".join(cells(path, "markdown")[0]["source"]).startswith("# ")

    def test_the_format_is_4_5_and_ids_are_stable(self, path: Path) -> None:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(set(ids)) == len(ids)
        assert all(name.startswith(path.stem.replace("_", "-")) for name in ids)

    def test_it_needs_no_network(self, path: Path) -> None:
        text = "\n".join(lines_of_code(path))
        assert not [
            word for word in ("http", "requests", "urllib", "%pip", "!") if word in text.replace("!=", "")
        ]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["nbformat", "nbclient", "ipykernel", "backtesting"]
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: install finsim[notebooks]")
    monkeypatch.syspath_prepend(str(FOLDER.parent / "docs"))
    fresh = importlib.import_module("run_notebooks").executed(path, tmp_path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert texts(fresh) == texts(stored)


def texts(notebook: Any) -> list[list[str]]:
    """Return what each cell of code prints and shows, as words."""
    found = []
    for cell in notebook["cells"]:
        shown = cell.get("outputs", [])
        found.append(["".join(one.get("text") or one["data"]["text/plain"]) for one in shown])
    return found
