"""Croissant 1.1 (MLCommons): JSON-LD that names every table of a run, its fields and its sha256.

``contentUrl`` is the way from the export's folder to the run, so the two must stay where they are to each
other. RAI fields (Croissant RAI 1.0) are filled from the manifest and the scorecard.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from finsim.exports.run_facts import RunFacts, TableFile, as_json, name_of
from finsim.exports.table_columns import Column, columns_of

FILE = "croissant.json"
_CR = (
    "citeAs", "column", "conformsTo", "containedIn", "arrayShape", "equivalentProperty", "extract", "field",
    "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath",
    "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace",
    "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in _CR},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "sc": "https://schema.org/",
}


def documents(facts: RunFacts) -> dict[str, str]:
    """Return ``croissant.json``."""
    return {FILE: as_json(document(facts))}


def document(facts: RunFacts) -> dict[str, Any]:
    """Return the description as plain data."""
    terms = list(dict.fromkeys(item["licence"] for item in facts.inputs() if item["licence"]))
    day = facts.manifest["created"][:10]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": facts.title,
        "description": _description(facts),
        **({"license": terms} if terms else {}),
        "dateCreated": day,
        "datePublished": day,
        "version": f"{facts.version}+{facts.manifest['dataset_sha256'][:12]}",
        "isLiveDataset": False,
        **_responsible(facts),
        "distribution": [_file(facts, table) for table in facts.tables],
        "recordSet": [_records(facts, table) for table in facts.tables],
    }


def _description(facts: RunFacts) -> str:
    sources = ", ".join(name_of(item) for item in facts.inputs()) or "no input data"
    seed = facts.manifest["seeds"]["root"]
    return (
        f"{facts.title}. Made by finsim {facts.version} with seed {seed} from {sources}. "
        "finsim grants no licence of its own on these tables: those of the inputs apply."
    )


def _identifier(table: TableFile) -> str:
    return f"{table.name}/{table.scenario}"


def _file(facts: RunFacts, table: TableFile) -> dict[str, Any]:
    place = os.path.relpath(facts.path / table.path, facts.output)
    return {
        "@type": "cr:FileObject",
        "@id": f"file/{_identifier(table)}",
        "name": f"{table.name}.parquet",
        "description": f"{table.row}; scenario {table.scenario}",
        "contentUrl": PurePath(place).as_posix(),
        "contentSize": f"{table.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": table.sha256,
    }


def _records(facts: RunFacts, table: TableFile) -> dict[str, Any]:
    columns = columns_of(facts.path / table.path)
    return {
        "@type": "cr:RecordSet",
        "@id": _identifier(table),
        "name": _identifier(table),
        "description": f"{table.row}; scenario {table.scenario}; {table.rows:,} rows",
        "field": [_field(table, column) for column in columns],
    }


def _field(table: TableFile, column: Column) -> dict[str, Any]:
    kind, is_list = _type(column.type)
    told = f"{column.text}; role {column.role}" if column.role else column.text
    return {
        "@type": "cr:Field",
        "@id": f"{_identifier(table)}/{column.name}",
        "name": column.name,
        **({"description": told} if told else {}),
        "dataType": kind,
        **({"isArray": True, "arrayShape": "-1"} if is_list else {}),
        "source": {
            "fileObject": {"@id": f"file/{_identifier(table)}"},
            "extract": {"column": column.name},
        },
    }


def _type(kind: pa.DataType) -> tuple[str, bool]:
    """Return the Croissant type of an Arrow type, and whether a cell holds a list of it."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _type(kind.value_type)[0], True
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_boolean(kind):
        return "sc:Boolean", False
    if pa.types.is_integer(kind):
        return "sc:Integer", False
    if pa.types.is_floating(kind):
        return "sc:Float", False
    if pa.types.is_timestamp(kind):
        return ("sc:DateTime" if kind.tz else "sc:Date"), False
    return ("sc:Date" if pa.types.is_date(kind) else "sc:Text"), False


def _responsible(facts: RunFacts) -> dict[str, Any]:
    """Return the RAI fields."""
    statement = facts.manifest["statement"]
    real = statement["real_records"]
    share = facts.verdicts.get("share", {}).get("verdict", "not computed")
    personal = f"real records, as given, stand in: {', '.join(real)}" if real else "rows are simulated"
    return {
        "rai:dataCollection": " ".join(_made(facts)),
        "rai:dataCollectionType": ["Others: simulation"],
        "rai:dataUseCases": list(statement["intended_use"]),
        "rai:dataLimitations": [
            *statement["known_limits"],
            *(f"not for: {use}" for use in statement["prohibited_use"]),
        ],
        "rai:dataBiases": list(_biases(facts)),
        "rai:personalSensitiveInformation": [f"{personal}; verdict of the scorecard on sharing: {share}"],
        "rai:dataManipulationProtocol": _repairs(facts),
        "rai:dataReleaseMaintenancePlan": "not stated",
    }


def _made(facts: RunFacts) -> Iterator[str]:
    for world in facts.worlds:
        sources = ", ".join(name_of(item) for item in facts.inputs(world))
        yield f"{world}: learned from {sources}." if sources else f"{world}: simulated from no input data."


def _biases(facts: RunFacts) -> Iterator[str]:
    for world in facts.worlds:
        if facts.inputs(world):
            yield f"{world}: biases of the table that it was learned from are learned too"
    yield "base rates of schemes and scenarios are those of the study"


def _repairs(facts: RunFacts) -> str:
    counts = [
        f"{place}: {sum(rule.get('repaired', 0) for rule in told.get('rules', {}).values()):,}"
        for place, told in facts.manifest["rules"].items()
    ]
    return f"values repaired by rules ({'; '.join(counts)})" if counts else "no rules were applied"
