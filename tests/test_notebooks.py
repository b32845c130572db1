"""The notebooks are short, clean and run from top to bottom without a network."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_LINES, MOST_BYTES = 60, 100_000


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
    def test_nothing_of_a_run_is_stored(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert cell["metadata"] == {}

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
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in shown if "image/png" in output.get("data", {})]
    assert [output for output in shown if output.output_type == "error"] == []
