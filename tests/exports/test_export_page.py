"""The page of exports: every format has its line, and the readers that it shows read what is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import finsim
from finsim.exports import EXPORTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
Handed = Callable[[str], Path]


def code(section: str) -> str:
    """Return the first Python block of a section."""
    found = re.search(rf"^## {section}\n.*?^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def run(text: str, folder: Path) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(text.replace('"handover', f'"{folder}'), "exports.md", "exec"), names)  # noqa: S102 our page
    return names


def test_every_format_and_option_has_its_line() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| `", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(EXPORTS)
    options = {
        re.sub(r"^from$", "from_date", name.replace("-", "_"))
        for name in re.findall(r"^\| `--([a-z-]+) [A-Z]+`", PAGE, re.MULTILINE)
    }
    acting = {option for name in EXPORTS for option in EXPORTS.options(name)}
    assert options == acting - {"record_price", "cpu_price", "currency"}


def test_every_file_that_is_written_is_named(handed_over: Handed) -> None:
    for name in EXPORTS:
        if EXPORTS.made_of(name) == "payments" and name != "graphml":
            for file in handed_over(name).glob("*.*"):
                known = file.name in PAGE or f"_{file.name.partition('_')[2]}" in PAGE
                assert known or file.name == "export.json" or file.name.startswith("postgres_"), file.name


def test_the_reader_of_the_handbook(handed_over: Handed, truth: pd.DataFrame) -> None:
    names = run(code("Fraud Detection Handbook"), handed_over("handbook"))
    read = names["transactions_df"]
    assert isinstance(read, pd.DataFrame)
    cards = truth["channel"].isin(["card_present", "card_not_present"]) & (truth["merchant_id"] >= 0)
    week = truth["ts"].dt.strftime("%Y-%m-%d").between("2026-01-01", "2026-01-07")
    assert len(read) == (cards & week & (truth["status"] == "posted")).sum()
    assert read["TRANSACTION_ID"].is_monotonic_increasing


def test_the_call_that_fills_a_graph(handed_over: Handed, truth: pd.DataFrame) -> None:
    graph = run(code("networkx"), handed_over("networkx"))["graph"]
    assert graph.number_of_edges() == (truth["status"] == "posted").sum()  # type: ignore[attr-defined]


def test_the_reader_of_tensors(handed_over: Handed) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed")
    assert run(code("PyTorch Geometric"), handed_over("pyg"))["data"].validate()  # type: ignore[attr-defined]


def test_the_readers_of_bars(folder: Path, tmp_path: Path) -> None:
    for name in ("backtesting", "vectorbt", "skfolio"):
        finsim.export(folder, name, output=tmp_path / "out")
    names = run(code("Bars"), tmp_path / "out")
    assert all(str(names[name].index.dtype).startswith("datetime64") for name in ("bars", "close", "prices"))  # type: ignore[attr-defined]
