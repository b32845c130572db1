"""``README.md`` of simulated transactions that are no run: what the files are, and what made them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from finsim.provenance.data_card import listed, on_labels
from finsim.provenance.manifest import Statement
from finsim.provenance.outputs import dataset_digest
from finsim.provenance.parquet_rows import count_rows
from finsim.records.run_layout import DATA_CARD, ROW_OF
from finsim.records.storage import digest_file, write_text

_JUDGED = "similarity to real data is shown only by the metrics of the scorecard, on the data named here"


def write_world_card(folder: Path, made_with: Mapping[str, str]) -> Path:
    """Write the data card of a folder of transaction tables; return its file.

    ``made_with``: every argument that the tables depend on, by name.
    """
    import finsim

    tables = [name for name in ROW_OF if (folder / f"{name}.parquet").is_file()]
    digest = dataset_digest(
        [{"path": f"{name}.parquet", "sha256": digest_file(folder / f"{name}.parquet")} for name in tables]
    )
    statement = Statement()
    limits = [
        *(one for one in statement.known_limits if one != _JUDGED),
        "nothing was compared with real data",
    ]
    lines = ["---", "pretty_name: finsim transactions", "tags: [synthetic, finance, finsim]", "configs:"]
    for name in tables:
        lines += [f"- config_name: {name}", f"  data_files: {name}.parquet"]
    rows = [
        f"| `{name}` | {ROW_OF[name][1]} | {count_rows(folder / f'{name}.parquet'):,} |" for name in tables
    ]
    text = f"""---

# Simulated transactions

Synthetic data: people, shops, accounts and schemes are simulated, none is the record of a real person or
payment. The same arguments make the same bytes.

{listed([f"{name}: {told}" for name, told in {"finsim": finsim.__version__, **made_with}.items()])}
* dataset sha256, over all tables: `{digest}`

## Tables

| table | a row | rows |
|---|---|---|
{chr(10).join(rows)}

Every column carries its description, unit, zone and role (`feature`, `label`, `key`, `internal`) as metadata
of its Parquet field.
{on_labels(tables)}
## Made from

* no input data

## Meant for

{listed(statement.intended_use)}

## Not for

{listed(statement.prohibited_use)}

## Known limits

{listed(limits)}
"""
    write_text(folder / DATA_CARD, "\n".join([*lines, text]))
    return folder / DATA_CARD
