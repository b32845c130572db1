"""A table that can be read as declared, batch by batch and as often as needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from finsim.errors import DataError, Problem, did_you_mean
from finsim.tables.binding import bind
from finsim.tables.cells.arrays_from_python import no_rows, numbers, words
from finsim.tables.cells.canonical import canonical
from finsim.tables.cells.canonical_columns import is_plain, typed_field
from finsim.tables.cells.declared_cells import read_cells, shown_value
from finsim.tables.cells.refusals import Cell, problem_of
from finsim.tables.cells.refused_rows import MOST
from finsim.tables.cells.stored import Undeclared
from finsim.tables.cells.units_and_zones import cents_of
from finsim.tables.cells.written import from_text
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.plain_texts import plain_batch


class TableSource(ABC):
    """One table under a schema.

    ``headers`` are those of the data, ``bound`` says which declared column is which, ``rows`` is their
    number where it is known before reading, ``dialect`` is as used, with what was seen filled in.
    """

    def __init__(
        self, headers: Sequence[str], fields: Mapping[str, Field], dialect: Dialect, place: str
    ) -> None:
        self.headers, self.fields = tuple(headers), fields
        self.dialect, self.place = dialect, place
        self.rows: int | None = None
        self.bound = bind(self.headers, fields, place)

    def batches(
        self, names: Sequence[str] | None = None, *, rename: bool = True, minor: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows; calling again reads again.

        ``names`` are declared columns (None: all); others are not read. With ``rename`` they come in
        canonical form under their declared names (where ``minor``, money as int64 minor units and ids of
        text as plain strings, of which a dictionary would be as large), else as stored, text tables as
        text, under their headers and with the undeclared ones. Raises DataError with file, row, line,
        column and cell for what cannot be read, and for absent columns.
        """
        if not rename:
            yield from self._stored(names)
            return
        wanted = self._wanted(names)
        there = {name: self.bound[name] for name in wanted if name in self.bound}
        places = [self.headers.index(header) for header in there.values()]
        as_declared = {at: self.fields[name] for at, name in zip(places, there, strict=True)}
        first_row = 0
        for batch in self._plain_columns(places, as_declared, ids=not minor):
            cells = dict(zip(there, batch.columns, strict=bool(there)))
            made = [self._typed(name, cells.get(name), batch.num_rows, minor) for name in wanted]
            if any(column is None for column in made):
                raise self._refusal(there, places, cells, first_row)
            first_row += batch.num_rows
            yield _batch(made, [self._field(name, column) for name, column in zip(wanted, made, strict=True)],
                         batch.num_rows)  # fmt: skip

    def table(
        self, names: Sequence[str] | None = None, *, rename: bool = True, minor: bool = False
    ) -> pa.Table:
        """Return all rows as one table; arguments and errors are those of ``batches``."""
        parts = list(self.batches(names, rename=rename, minor=minor))
        if parts:
            return _joined(parts)
        if not rename:
            return self._no_rows(names)
        kinds = [pa.field(name, canonical(self.fields[name], minor=minor)) for name in self._wanted(names)]
        return no_rows(pa.schema(kinds))

    def lacking(self) -> list[Problem]:
        """Return one problem for each column that has to be there and is not."""
        lacking = [name for name, spec in self.fields.items() if self._is_absent(name, spec)]
        return self._absences(lacking)

    def _absences(self, names: Sequence[str]) -> list[Problem]:
        """Return a problem for each absent column, or one where the file is read wrongly."""
        whole = self.misread() if names else None
        return [whole] if whole else [self._absent(name) for name in names]

    def misread(self) -> Problem | None:
        """Return what to declare where the whole file is read wrongly; only text can be."""
        return None

    def schema_of(self, names: Sequence[str]) -> pa.Schema:
        """Return the Arrow schema that ``batches`` gives for some columns, money in minor units."""
        return pa.schema([typed_field(name, self._rules_type(name), self.fields[name]) for name in names])

    def _rules_type(self, name: str) -> pa.DataType:
        spec = self.fields[name]
        return pa.string() if spec.type == "id" else canonical(spec, minor=True)

    def _is_absent(self, name: str, spec: Field) -> bool:
        return name not in self.bound and not spec.optional and spec.default is None

    def _absent(self, name: str) -> Problem:
        source = self.fields[name].source
        wanted = f"no column {source!r} for {name!r}" if source else f"no column {name!r}"
        holder = next((one for one, header in self.bound.items() if header == (source or name)), "")
        if holder:
            found = f"the header {source or name!r} is taken by column {holder!r} already"
            return Problem(self.place, found, "", f"declare it once: put the keys of {name!r} to {holder!r}")
        return Problem(self.place, wanted, "", did_you_mean(source or name, self.headers))

    def _wanted(self, names: Sequence[str] | None) -> list[str]:
        """Return the declared columns to read; optional ones that are absent are left out."""
        asked = list(self.fields if names is None else names)
        problems = self._absences([name for name in asked if self._is_absent(name, self.fields[name])])
        if problems:
            raise DataError.of(problems)
        return [name for name in asked if name in self.bound or self.fields[name].default is not None]

    def _typed(self, name: str, cells: pa.Array | None, rows: int, minor: bool) -> pa.Array | None:
        """Return one column of a batch in canonical form, None where cells are refused."""
        spec = self.fields[name]
        if cells is None:
            return default_cells(spec, rows, minor)
        if minor and spec.type == "id" and is_plain(cells.type, spec, self.dialect):
            return cells
        try:
            read = read_cells(cells, spec, self.dialect, minor)
        except Undeclared as doubt:
            found = f"column {self.bound[name]!r} {doubt.found}"
            raise DataError(found, place=self.place, remedy=doubt.remedy) from None
        if read.refused:
            return None
        return read.cells

    def _field(self, name: str, column: pa.Array) -> pa.Field:
        return typed_field(name, column.type, self.fields[name])

    def _refusal(
        self, names: Mapping[str, str], places: Sequence[int], cells: Mapping[str, pa.Array], first_row: int
    ) -> DataError:
        """Return the error of a batch in which cells are refused."""
        found = [
            (Cell(first_row + row, header, shown_value(cells[name], row)), self.fields[name])
            for name, header in names.items()
            for row in read_cells(cells[name], self.fields[name], self.dialect).refused
        ]
        found.sort(key=lambda one: one[0].row)
        return DataError.of(problem_of(cell, spec, self.dialect, self.place) for cell, spec in found[:MOST])

    def as_stored(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield declared columns as stored, under their headers, labels of Parquet as dictionaries.

        Text has no stored form: its columns come as ``batches`` gives them, with money in minor units.
        """
        places = self._places(names)
        fields = {at: spec for name, spec in self.fields.items() if name in self.bound
                  for at in [self.headers.index(self.bound[name])] if at in places}  # fmt: skip
        for batch in self._plain_columns(places, fields, ids=False):
            kinds = [batch.schema.field(i).with_name(self.headers[at]) for i, at in enumerate(places)]
            yield _batch(batch.columns, kinds, batch.num_rows)

    def _stored(self, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        places = self._places(names)
        for batch in self._plain_columns(places, {}):
            fields = [batch.schema.field(i).with_name(self.headers[at]) for i, at in enumerate(places)]
            yield _batch(batch.columns, fields, batch.num_rows)

    def _plain_columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Yield the columns of ``_columns`` with plain strings in place of views."""
        for batch in self._columns(places, fields, ids):
            yield plain_batch(batch)

    def _places(self, names: Sequence[str] | None) -> list[int]:
        if names is None:
            return list(range(len(self.headers)))
        return [self.headers.index(self.bound[name]) for name in self._wanted(names) if name in self.bound]

    def _no_rows(self, names: Sequence[str] | None) -> pa.Table:
        kinds = [pa.field(self.headers[at], pa.string()) for at in self._places(names)]
        return no_rows(pa.schema(kinds))

    @abstractmethod
    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Yield the columns at some places, in this order; those of ``fields`` may come converted.

        Labels may come as dictionaries, and ``ids`` too.
        """


def default_cells(field: Field, rows: int, minor: bool = False) -> pa.Array:
    """Return the default of an absent column, read like a written cell, for every row."""
    value = field.default
    text = str(value).lower() if isinstance(value, bool) else str(value)
    cell = from_text(words([text]), replace(field, unit="", format=""), Dialect())
    if minor and field.type == "money":
        cell = cents_of(cell, field.decimals)
    return cell.take(numbers(np.zeros(rows, dtype=np.int32)))


def _batch(columns: Sequence[pa.Array], fields: Sequence[pa.Field], rows: int) -> pa.RecordBatch:
    if not columns:  # a batch without columns still has rows
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(list(columns), schema=pa.schema(list(fields)))


def _joined(parts: Sequence[pa.RecordBatch]) -> pa.Table:
    """Return batches as one table; Arrow joins by name, and a header that nobody reads may stand twice."""
    names = parts[0].schema.names
    apart = [str(place) for place in range(len(names))]
    tables = [pa.Table.from_batches([part]).rename_columns(apart) for part in parts]
    joined = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    return joined.rename_columns(names)
