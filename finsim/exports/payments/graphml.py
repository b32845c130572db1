"""GraphML: one scheme, or a world small enough, for networkx, Gephi and yEd.

Types are those that networkx and Gephi read: instants are ISO text, empty cells are left out, every edge has
an id of its own so that parallel payments stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pyarrow as pa

from finsim.errors import StudyError
from finsim.exports.export_format import Export
from finsim.exports.payments.graph_columns import EDGES, NODES, edges, nodes
from finsim.exports.payments.rows.payment_rows import Payments

MOST = 100_000
"""Edges of the largest graph: readers hold the whole text."""
_TYPES = {pa.int64(): "long", pa.int32(): "long", pa.float64(): "double", pa.bool_(): "boolean"}


def write(payments: Payments, folder: Path) -> None:
    """Write ``graphml.graphml``; raises StudyError for more than MOST payments."""
    count = 0
    for table in payments.batches(("tx_id",)):
        count += table.num_rows
        if count > MOST:
            one = next(iter(payments.typologies), 0)
            raise StudyError(
                f"more than {MOST:,} payments", place="export: format", expected=f"at most {MOST:,} payments",
                remedy=f"write instance={one} for one scheme, or format='networkx' for all",
            )  # fmt: skip
    with (folder / "graphml.graphml").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in _lines(payments))


def _lines(payments: Payments) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for kind, schema, without in (("node", NODES, ("account_id",)), ("edge", EDGES, ("source", "target"))):
        for field in schema:
            if field.name not in without:
                told = _TYPES.get(field.type, "string")
                names = f'id="{kind}_{field.name}" for="{kind}" attr.name="{field.name}"'
                yield f'<key {names} attr.type="{told}"/>'
    yield '<graph edgedefault="directed">'
    for row in nodes(payments).to_pylist():
        yield f'<node id="{row.pop("account_id")}">{_data("node", row.items())}</node>'
    for batch, _ in edges(payments):
        for row in batch.to_pylist():
            ends = f'source="{row.pop("source")}" target="{row.pop("target")}"'
            yield f'<edge id="{row["tx_id"]}" {ends}>{_data("edge", row.items())}</edge>'
    yield "</graph>"
    yield "</graphml>"


def _data(kind: str, facts: Iterable[tuple[str, Any]]) -> str:
    return "".join(
        f"<data key={quoteattr(f'{kind}_{name}')}>{_text(value)}</data>"
        for name, value in facts
        if value is not None
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    told = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


EXPORT = Export(
    name="graphml",
    summary="GraphML of one scheme, or of up to 100,000 payments",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence", "instance"),
)
