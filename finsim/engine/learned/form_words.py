"""Columns and cells of a learned table named as its data have them."""

from __future__ import annotations

from dataclasses import replace

from finsim.engine.learned.saved_forms import OutputForm
from finsim.errors import FitError, StudyError
from finsim.generators.tables.given.words import said_plainly
from finsim.generators.tables.table_generator import Cell


class FormWords:
    """Headers of the data, and numbers in their units."""

    def __init__(self, form: OutputForm) -> None:
        """Take the form in which rows come out."""
        self._form = form
        self._headers: dict[str, str] = dict(zip(form.order, form.target.names, strict=True))

    def title(self, name: str) -> str:
        """Return the header of a column."""
        return self._headers.get(name, name)

    def said(self, name: str, cell: Cell, kind: str) -> str:
        """Return a cell as it is written; times on the clock on which they are learned."""
        plain = self._form.shown(name, cell) if isinstance(cell, float) else cell
        return said_plainly(plain, kind)

    def told(self, bad: FitError) -> StudyError:
        """Return what a generator says of given cells, with the headers of the data."""
        found = []
        for one in bad.problems:
            name = one.place.removeprefix("given ")
            found.append(replace(one, place=f"given {self.title(name)}") if name in self._headers else one)
        return StudyError.of(found)
