"""Run the notebooks and store what they print and draw: ``python docs/run_notebooks.py [NAME ...]``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
KEPT = ("text/plain", "text/html", "image/png")
"""Forms of an output that are stored; what a kernel adds about itself is not."""


def executed(path: Path, folder: str | Path) -> Any:
    """Return the notebook with fresh outputs; it works in ``folder``."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources=where, record_timing=False
    ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata = {}
            cell.outputs = [kept(output) for output in cell.outputs if worth_keeping(output)]
    return notebook


def worth_keeping(output: Any) -> bool:
    """Tell whether an output is an answer: not progress or the logo of a library."""
    if output.output_type == "stream":
        return bool(output.name == "stdout")
    return output.output_type in ("error", "execute_result") or "image/png" in output.data


def kept(output: Any) -> Any:
    """Return an output with the forms that are stored."""
    if "data" in output:
        output.data = {kind: value for kind, value in output.data.items() if kind in KEPT}
    return output


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all, and write them back."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            notebook = executed(path, folder)
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        nbformat.write(notebook, path)
        print(path.stem, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
