"""The border of every figure and section: what cannot be drawn becomes a sentence on the page."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

from finsim.report.page_elements import Section
from finsim.report.svg_figure import drawing

Block = TypeVar("Block")


def drawn_or_said(what: str, make: Callable[[], Block]) -> Block | str:
    """Return the block that ``make`` draws, or one sentence that says why ``what`` could not be drawn.

    Nothing that goes wrong in a figure may cost a run, whose tables are written by then. Warnings of the
    drawing are kept off the terminal (under pytest they are errors, hence sentences).
    """
    try:
        with warnings.catch_warnings(record=True), drawing():
            return make()
    except Exception as error:
        return f"{what} could not be drawn: {_said(error)}. The tables of the run hold what it would show."


def section_or_said(slug: str, title: str, make: Callable[[], Section]) -> Section:
    """Return the section that ``make`` builds, or one that says why there is nothing in it."""
    found = drawn_or_said(f"Section {title}", make)
    return Section(slug, title, absent=[found]) if isinstance(found, str) else found


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
