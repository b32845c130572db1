"""How a text table looks beyond its dialect: lines above, header, line ends, and signs around numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.schema import Dialect
from finsim.tables.writing.csv_cells import fixed

QUOTED = b"finsim.quoted"  # fact of a field all of whose cells stand in quotes
HOLE = "{}"


@dataclass(frozen=True)
class CellForm:
    """How the numbers of a column are written: ``above`` zero and ``below``, with ``{}`` for the digits.

    ``grouped``: with signs between thousands; ``decimals`` where all cells have as many; ``places``: powers
    of ten between a value and its digits, 2 of a percent sign.
    """

    above: str = HOLE
    below: str = f"-{HOLE}"
    grouped: bool = False
    decimals: int | None = None
    places: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether numbers so written are those of any CSV."""
        return (self.above, self.below, self.grouped) == (HOLE, f"-{HOLE}", False)


@dataclass(frozen=True)
class TextLook:
    """The look of a file: lines ``above`` the header, cells of its ``header`` lines, one text per line end.

    ``names`` are the columns of the header, ``is_quoted_header`` says that all of it is in quotes; ``quoted``
    are columns whose cells all are, ``numbers`` the forms of numbers and ``times`` the strptime formats of
    ISO times and the forms of durations (``span_form``), by header.
    """

    above: str = ""
    names: tuple[str, ...] = ()
    header: tuple[tuple[str, ...], ...] = ()
    is_quoted_header: bool = False
    line_end: str = "\n"
    quoted: tuple[str, ...] = ()
    numbers: Mapping[str, CellForm] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)

    def declared(self) -> TextLook:
        """Return the look without what rows, or lines above them, told of it."""
        return TextLook("", self.names, self.header, self.is_quoted_header, self.line_end)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TextLook:
        """Return the look that ``to_dict`` wrote."""
        return cls(
            data["above"], tuple(data["names"]), tuple(tuple(line) for line in data["header"]),
            data["is_quoted_header"], data["line_end"], tuple(data["quoted"]),
            {name: CellForm(**one) for name, one in data["numbers"].items()}, dict(data["times"]),
        )  # fmt: skip


def number_texts(values: pa.Array, form: CellForm, dialect: Dialect) -> pa.Array:
    """Return numbers as texts in a form; a gap and what is not finite stay gaps."""
    wide = np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
    lacks = ~np.isfinite(wide)
    size = np.abs(np.where(lacks, 0.0, wide))
    if form.places:
        size = np.round(size * 10.0**form.places, 9)
    digits = _digits(size, form.decimals, dialect.point)
    if form.grouped:
        digits = [_grouped(one, dialect) for one in digits]
    below = (wide < 0) & np.array(
        [any(sign in "123456789" for sign in one) for one in digits], dtype=np.bool_
    )
    texts = [
        (form.below if is_below else form.above).replace(HOLE, one)
        for one, is_below in zip(digits, below.tolist(), strict=True)
    ]
    return pa.array(texts, pa.string(), mask=lacks)


def _digits(size: np.ndarray, decimals: int | None, point: str) -> list[str]:
    if decimals is None:
        texts = [repr(one).removesuffix(".0") if one < 1e16 else f"{one:.0f}" for one in size.tolist()]
        texts = [f"{float(one):.12f}".rstrip("0") if "e" in one else one for one in texts]
    else:
        exact = fixed(pa.array(size), decimals)
        texts = pc.cast(exact, pa.string()).to_pylist()
    return texts if point == "." else [one.replace(".", point) for one in texts]


def _grouped(digits: str, dialect: Dialect) -> str:
    whole, point, part = digits.partition(dialect.point)
    return f"{int(whole):,}".replace(",", dialect.thousands) + point + part if whole.isdigit() else digits
