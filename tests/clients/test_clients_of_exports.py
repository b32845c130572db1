"""Each export is read back by the library of its format: prov, mlcroissant, openlineage, cyclonedx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import finsim
from finsim.records.run_layout import table_file

# warnings of the clients are not ours
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.sweep]


def exported(folder: Path, name: str, output: Path) -> Path:
    return finsim.export(folder, name, output=output / "out").files[0]


def test_prov_reads_the_document_and_writes_the_same_again(folder: Path, tmp_path: Path) -> None:
    model = pytest.importorskip("prov.model", reason="prov is not installed")
    text = exported(folder, "prov", tmp_path).read_text()
    read = model.ProvDocument.deserialize(content=text, format="json")
    mine, theirs = json.loads(text), json.loads(read.serialize(format="json"))
    kinds = [kind for kind in mine if kind != "prefix"]
    assert {kind: len(mine[kind]) for kind in kinds} == {kind: len(theirs[kind]) for kind in kinds}
    assert model.ProvDocument.deserialize(content=json.dumps(theirs), format="json") == read
    bars = next(one for one in read.get_records(model.ProvEntity) if "bars/base" in str(one.identifier))
    assert str(bars.label) == "bars, scenario base"


@pytest.mark.parametrize("table", ["bars", "transactions", "patterns", "loans", "months"])
def test_mlcroissant_reads_every_row_and_checks_the_digest(folder: Path, tmp_path: Path, table: str) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    described = croissant.Dataset(str(exported(folder, "croissant", tmp_path)))
    issues = described.metadata.ctx.issues
    assert not issues.errors
    assert len(issues.warnings) == 1
    assert "citeAs" in str(issues.warnings)
    stored = pq.read_table(table_file(folder, table, "base"))
    rows = list(described.records(f"{table}/base"))
    assert len(rows) == len(stored)
    first = {name.rpartition("/")[2]: value for name, value in rows[0].items()}
    expected = stored.slice(0, 1).to_pylist()[0]
    for name, value in first.items():
        told = value.decode() if isinstance(value, bytes) else value
        stamp = getattr(expected[name], "isoformat", None)
        assert told == expected[name] or (stamp and told.isoformat()[:19] == stamp()[:19]), name
    assert described.metadata.data_use_cases
    assert described.metadata.personal_sensitive_information


def test_mlcroissant_refuses_a_table_that_was_changed(folder: Path, tmp_path: Path) -> None:
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    file = exported(folder, "croissant", tmp_path)
    digest = next(
        item["sha256"]
        for item in json.loads(file.read_text())["distribution"]
        if item["@id"] == "file/loans/base"
    )
    file.write_text(file.read_text().replace(digest, "0" * 64))
    with pytest.raises(Exception, match=r"Hash of downloaded file|An error occurred"):
        list(croissant.Dataset(str(file)).records("loans/base"))


def test_openlineage_builds_its_events_from_the_lines(folder: Path, tmp_path: Path) -> None:
    events = pytest.importorskip("openlineage.client.event_v2", reason="openlineage-python is not installed")
    from openlineage.client import facet_v2
    from openlineage.client.serde import Serde

    kinds = {
        "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
        "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
        "dataQualityMetrics": facet_v2.data_quality_metrics_dataset.DataQualityMetricsDatasetFacet,
        "outputStatistics": facet_v2.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
        "documentation": facet_v2.documentation_job.DocumentationJobFacet,
        "jobType": facet_v2.job_type_job.JobTypeJobFacet,
        "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    }

    def facets(given: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, told in given.items():
            if name in kinds:
                plain = {key: value for key, value in told.items() if not key.startswith("_")}
                found[name] = kinds[name](**plain, producer=told["_producer"])
                assert found[name]._schemaURL == told["_schemaURL"], name
            else:
                assert name.startswith("finsim_")
        return found

    lines = exported(folder, "openlineage", tmp_path).read_text().splitlines()
    for line, wanted in zip(lines, (events.RunState.START, events.RunState.COMPLETE), strict=True):
        told = json.loads(line)
        outputs = [
            events.OutputDataset(
                one["namespace"],
                one["name"],
                facets=facets(one["facets"]),
                outputFacets=facets(one["outputFacets"]),
            )
            for one in told["outputs"]
        ]
        event = events.RunEvent(
            eventType=events.RunState[told["eventType"]],
            eventTime=told["eventTime"],
            run=events.Run(told["run"]["runId"], facets(told["run"]["facets"])),
            job=events.Job(told["job"]["namespace"], told["job"]["name"], facets(told["job"]["facets"])),
            inputs=[
                events.InputDataset(one["namespace"], one["name"], facets=facets(one["facets"]))
                for one in told["inputs"]
            ],
            outputs=outputs,
            producer=told["producer"],
        )
        assert event.eventType == wanted
        assert event.schemaURL == told["schemaURL"]
        again = Serde.to_dict(event)
        assert [one["name"] for one in again["outputs"]] == [one["name"] for one in told["outputs"]]


def test_cyclonedx_validates_strictly_and_reads_the_parts(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is not installed")
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = exported(folder, "sbom", tmp_path).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = Bom.from_json(json.loads(text))
    assert len(bill.components) == len(json.loads(text)["components"])
    assert bill.validate()
    named = {part.name: part for part in bill.components}
    assert str(named["numpy"].purl).startswith("pkg:pypi/numpy@")
