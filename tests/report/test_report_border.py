"""A figure that cannot be drawn becomes a sentence; a page that cannot be written loses no run."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from page_reader import read_page
from report_run import Wanted, build

from finsim.report.border import drawn_or_said, section_or_said
from finsim.report.figures import market_figures
from finsim.report.page import write_report
from finsim.report.page_elements import Section


def broken(*_: object) -> None:
    raise ValueError("cannot convert float NaN\nto integer")


def test_a_broken_figure_says_why_and_the_others_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_figures, "fans", broken)
    folder = build(tmp_path / "run", Wanted(worlds=("market",), labels=("base",)))
    page = read_page(write_report(folder))
    why = "The fan of price paths could not be drawn: ValueError: cannot convert float NaN to integer."
    assert why in page.text
    assert {"tails", "memory", "dependence"} <= {e.attributes["id"] for e in page.all("figure")}


def test_a_broken_section_says_why() -> None:
    found = section_or_said("markets", "Markets", broken)
    assert isinstance(found, Section)
    assert "Section Markets could not be drawn" in found.absent[0]
    assert drawn_or_said("x", lambda: 7) == 7


def test_warnings_of_a_drawing_stay_off_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert np.isnan(drawn_or_said("x", lambda: float(np.float64(0.0) / np.float64(0.0))))
    assert capsys.readouterr().err == ""
