"""OpenLineage (spec 2-0-2): two events of one run as NDJSON, START and COMPLETE.

A dataset keeps its name (``study/table/scenario``) from run to run; its version is the sha256 of the file.
Outputs carry the standard facets ``schema``, ``dataQualityMetrics`` and ``outputStatistics``. Verdicts on
sharing and on the other uses stand in facets of finsim's own, whose schemas are in the second file.
"""

from __future__ import annotations

import json
from typing import Any

from finsim.exports.privacy_attacks import attacks
from finsim.exports.run_facts import RunFacts, TableFile, as_json, name_of
from finsim.exports.table_columns import Column, columns_of

EVENTS, SCHEMAS = "openlineage.ndjson", "openlineage-facets.schema.json"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "documentation": "1-1-0/DocumentationJobFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "dataQualityMetrics": "1-0-1/DataQualityMetricsDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
}
"""Standard facet -> version and name of its schema."""
PRIVACY, QUALITY = "finsim_privacyRunFacet", "finsim_qualityRunFacet"
OWN = "urn:finsim:openlineage-facets:1"
NAMESPACE = "finsim"


def documents(facts: RunFacts) -> dict[str, str]:
    """Return the events and the schemas of finsim's own facets."""
    lines = "".join(json.dumps(one, ensure_ascii=False, allow_nan=False) + "\n" for one in events(facts))
    return {EVENTS: lines, SCHEMAS: as_json(own_schemas())}


def events(facts: RunFacts) -> list[dict[str, Any]]:
    """Return START and COMPLETE as plain data."""
    shared = {
        "producer": facts.producer,
        "schemaURL": SPEC,
        "job": {
            "namespace": NAMESPACE,
            "name": facts.id,
            "facets": {
                "documentation": _facet(facts, "documentation", description=facts.title),
                "jobType": _facet(
                    facts, "jobType", processingType="BATCH", integration="FINSIM", jobType="STUDY"
                ),
            },
        },
        "inputs": [_input(facts, item["sha256"], name_of(item)) for item in facts.inputs()],
    }
    engine = _facet(facts, "processing_engine", version=facts.version, name="finsim")
    began = {"runId": facts.uuid, "facets": {"processing_engine": engine}}
    ended = {"runId": facts.uuid, "facets": {"processing_engine": engine, **_verdicts(facts)}}
    created = facts.manifest["created"]
    return [
        {"eventType": "START", "eventTime": facts.started or created, "run": began, **shared, "outputs": []},
        {
            "eventType": "COMPLETE",
            "eventTime": created,
            "run": ended,
            **shared,
            "outputs": [_output(facts, table) for table in facts.tables],
        },
    ]


def own_schemas() -> dict[str, Any]:
    """Return the JSON Schema of finsim's own facets."""
    head = {"_producer": {"type": "string"}, "_schemaURL": {"type": "string"}}
    verdict = {"type": "string", "description": "verdict of the scorecard"}
    told = {"type": "object", "description": "head of an attack -> its results, or why there are none"}
    uses = {"type": "object", "description": "intended use -> verdict", "additionalProperties": verdict}

    def facet(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        needed = ["_producer", "_schemaURL", *properties]
        return {"title": name, "type": "object", "required": needed, "properties": {**head, **properties}}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": OWN,
        "$defs": {
            PRIVACY: facet(PRIVACY, {"share": verdict, "attacks": told}),
            QUALITY: facet(QUALITY, {"verdicts": uses}),
        },
    }


def _facet(facts: RunFacts, kind: str, **values: Any) -> dict[str, Any]:
    version, _, name = FACETS[kind].partition("/")
    url = f"https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": facts.producer, "_schemaURL": url, **values}


def _verdicts(facts: RunFacts) -> dict[str, Any]:
    def own(name: str) -> dict[str, str]:
        return {"_producer": facts.producer, "_schemaURL": f"{OWN}#/$defs/{name}"}

    uses = {use: told["verdict"] for use, told in facts.verdicts.items()}
    share = uses.get("share", "not computed")
    return {
        PRIVACY: {**own(PRIVACY), "share": share, "attacks": attacks(facts)},
        QUALITY: {**own(QUALITY), "verdicts": uses},
    }


def _input(facts: RunFacts, sha256: str, name: str) -> dict[str, Any]:
    version = _facet(facts, "version", datasetVersion=sha256)
    return {"namespace": NAMESPACE, "name": f"input/{name}", "facets": {"version": version}}


def _output(facts: RunFacts, table: TableFile) -> dict[str, Any]:
    columns = columns_of(facts.path / table.path)
    fields = [_field(place, column) for place, column in enumerate(columns, 1)]
    counted = {column.name: {"nullCount": column.nulls} for column in columns if column.nulls is not None}
    return {
        "namespace": NAMESPACE,
        "name": f"{facts.id}/{table.name}/{table.scenario}",
        "facets": {
            "version": _facet(facts, "version", datasetVersion=table.sha256),
            "schema": _facet(facts, "schema", fields=fields),
            "dataQualityMetrics": _facet(
                facts,
                "dataQualityMetrics",
                rowCount=table.rows,
                bytes=table.bytes,
                fileCount=1,
                columnMetrics=counted,
            ),
        },
        "outputFacets": {
            "outputStatistics": _facet(
                facts, "outputStatistics", rowCount=table.rows, size=table.bytes, fileCount=1
            )
        },
    }


def _field(place: int, column: Column) -> dict[str, Any]:
    told = {"description": column.text} if column.text else {}
    return {"name": column.name, "type": str(column.type), **told, "ordinal_position": place}
