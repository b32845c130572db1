"""What each export says: the digests of the files, nothing of this machine, nothing that nobody stated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planted_scores import score

from finsim.exports import DOCUMENTS, EXPORTS, croissant, datasheet, openlineage, prov, sbom
from finsim.exports.run_facts import RunFacts
from finsim.exports.table_columns import columns_of
from finsim.records.storage import digest_file

Facts = Callable[..., RunFacts]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_same_run_gives_the_same_text_and_no_place_of_this_machine(facts: Facts, name: str) -> None:
    first, again = (EXPORTS.load(name)(facts()) for _ in range(2))
    assert first == again
    assert first
    own = facts()
    secret = "/home/someone/loans of the bank/applicants.csv"
    hidden = [{**item, "path": secret} for item in own.manifest["inputs"]]
    for text in EXPORTS.load(name)(facts(inputs=hidden)).values():
        assert "/home/someone" not in text
        assert str(own.path) not in text
        assert "NaN" not in text


def test_files_of_different_exports_have_different_names(facts: Facts) -> None:
    names = [file for name in DOCUMENTS for file in EXPORTS.load(name)(facts())]
    assert len(names) == len(set(names))
    assert "export.json" not in names


def test_prov_names_only_what_it_has_described(facts: Facts) -> None:
    document = prov.document(facts([score("copies")]))
    nodes = set().union(*(document[kind] for kind in ("entity", "activity", "agent")))
    ends = [
        end
        for kind in prov._KEYS
        for relation in document.get(kind, {}).values()
        for end in relation.values()
    ]
    assert ends
    assert set(ends) <= nodes
    assert all(re.fullmatch(r"(run|finsim):[\w./%-]+", node) for node in nodes)


def test_prov_says_what_each_table_was_learned_from(facts: Facts) -> None:
    own = facts()
    document = prov.document(own)
    sources = {item["role"]: f"run:input/{item['sha256']}" for item in own.manifest["inputs"]}
    model = f"run:model/{own.manifest['models'][0]['sha256']}"
    derived = {
        (pair["prov:generatedEntity"], pair["prov:usedEntity"])
        for pair in document["wasDerivedFrom"].values()
    }
    assert (model, sources["prices"]) in derived
    assert ("run:table/bars/gfc-2008%400.5", model) in derived
    assert ("run:table/loans/base", sources["loans"]) in derived
    assert not [made for made, _ in derived if "transactions" in made]
    assert "no input data" in document["activity"]["run:activity/transactions"]["finsim:lineage"]
    assert "finsim:lineage" not in document["activity"]["run:activity/credit"]


def test_prov_keeps_the_digest_of_every_file(facts: Facts) -> None:
    own = facts()
    told = {
        entity["prov:location"]: entity["finsim:sha256"]
        for entity in prov.document(own)["entity"].values()
        if "prov:location" in entity
    }
    listed = [*own.manifest["outputs"], *own.manifest["files"]]
    assert told == {item["path"]: item["sha256"] for item in listed}


def test_croissant_fields_are_the_columns_and_digests_the_files(facts: Facts) -> None:
    own = facts()
    document = croissant.document(own)
    files = {item["@id"]: item for item in document["distribution"]}
    for item in files.values():
        assert digest_file((own.output / item["contentUrl"]).resolve()) == item["sha256"]
    assert len(document["recordSet"]) == len(own.manifest["outputs"])
    for table, records in zip(own.tables, document["recordSet"], strict=True):
        names = [field["source"]["extract"]["column"] for field in records["field"]]
        assert names == pq.read_schema(own.path / table.path).names
        assert {field["source"]["fileObject"]["@id"] for field in records["field"]} <= set(files)
    kinds = {field["@id"]: field for records in document["recordSet"] for field in records["field"]}
    assert kinds["patterns/base/accounts"]["isArray"] is True
    assert kinds["bars/base/date"]["dataType"] == "sc:Date"
    assert kinds["transactions/base/ts"]["dataType"] == "sc:DateTime"
    assert kinds["transactions/base/channel"]["dataType"] == "sc:Text"
    assert kinds["bars/base/close"]["dataType"] == "sc:Float"
    assert kinds["labels/base/is_fraud"]["dataType"] == "sc:Boolean"


def test_croissant_tells_the_verdict_on_sharing_and_the_real_records(facts: Facts) -> None:
    def personal(own: RunFacts) -> str:
        return str(croissant.document(own)["rai:personalSensitiveInformation"])

    assert "sharing: not computed" in personal(facts())
    assert "sharing: fail" in personal(facts(verdicts={"share": {"verdict": "fail"}}))
    own = facts()
    real = {**own.manifest["statement"], "real_records": ("loans",)}
    assert "real records, as given, stand in: loans" in personal(facts(statement=real))


def test_croissant_states_no_terms_where_the_inputs_have_none(facts: Facts) -> None:
    assert len(croissant.document(facts())["license"]) == 2
    bare = [{**item, "licence": ""} for item in facts().manifest["inputs"]]
    assert "license" not in croissant.document(facts(inputs=bare))


def test_openlineage_counts_rows_and_nulls_as_the_files_have_them(facts: Facts) -> None:
    own = facts(verdicts={"share": {"verdict": "warn"}})
    start, complete = openlineage.events(own)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert start["eventTime"] == own.started
    assert complete["eventTime"] == own.manifest["created"]
    for listed, output in zip(own.tables, complete["outputs"], strict=True):
        table = pq.read_table(own.path / listed.path)
        assert output["name"] == f"handed/{listed.name}/{listed.scenario}"
        assert output["facets"]["version"]["datasetVersion"] == listed.sha256
        measured = output["facets"]["dataQualityMetrics"]
        assert measured["rowCount"] == output["outputFacets"]["outputStatistics"]["rowCount"] == len(table)
        nulls = {name: told["nullCount"] for name, told in measured["columnMetrics"].items()}
        plain = [name for name in table.column_names if "list" not in str(table.schema.field(name).type)]
        assert nulls == {name: table[name].null_count for name in plain}
        fields = output["facets"]["schema"]["fields"]
        assert [field["name"] for field in fields] == table.column_names
    assert any(
        told["nullCount"]
        for output in complete["outputs"]
        for told in output["facets"]["dataQualityMetrics"]["columnMetrics"].values()
    )


def test_the_own_facets_of_openlineage_follow_their_own_schema(facts: Facts) -> None:
    own = facts([score("singling_out", value=0.1)], {"share": {"verdict": "warn"}})
    files = openlineage.documents(own)
    schemas = json.loads(files[openlineage.SCHEMAS])
    complete = json.loads(files[openlineage.EVENTS].splitlines()[1])
    for name in (openlineage.PRIVACY, openlineage.QUALITY):
        facet = complete["run"]["facets"][name]
        assert facet["_schemaURL"] == f"{schemas['$id']}#/$defs/{name}"
        check = jsonschema.Draft202012Validator({**schemas, "$ref": f"#/$defs/{name}"})
        check.validate(facet)
        with pytest.raises(jsonschema.ValidationError):
            check.validate({key: told for key, told in facet.items() if key.startswith("_")})


def test_the_bill_of_materials_names_packages_models_and_inputs(facts: Facts) -> None:
    own = facts()
    bill = sbom.document(own)
    versions = own.manifest["environment"]["versions"]
    listed = {part["name"]: part for part in bill["components"]}
    assert {name for name, version in versions.items() if version != "not installed"} <= set(listed)
    for name in ("numpy", "typer", "lark"):  # the core as declared, not a list of its own
        assert listed[name]["purl"] == f"pkg:pypi/{name}@{versions[name]}"
    told = {hash_["content"] for part in bill["components"] for hash_ in part.get("hashes", ())}
    assert told == {item["sha256"] for item in (*own.manifest["inputs"], *own.manifest["models"])}
    references = [part["bom-ref"] for part in bill["components"]]
    assert bill["dependencies"][0]["dependsOn"] == references
    assert len(references) == len(set(references))


def test_a_licence_is_told_only_of_the_version_that_the_run_used(facts: Facts) -> None:
    environment = facts().manifest["environment"]
    versions = {"finsim": "0.1.0", "numpy": "1.0.0+local", "no-such-thing": "1", "gone": "not installed"}
    bill = sbom.document(facts(environment={**environment, "versions": versions}))
    listed = {part["name"]: part for part in bill["components"]}
    assert "licenses" not in listed["numpy"]
    assert listed["numpy"]["purl"] == "pkg:pypi/numpy@1.0.0%2Blocal"
    assert "licenses" not in listed["no-such-thing"]
    assert "gone" not in listed
    assert "licenses" in {part["name"]: part for part in sbom.document(facts())["components"]}["numpy"]


def test_a_datasheet_answers_only_questions_it_asks_and_says_what_is_not_stated(facts: Facts) -> None:
    asked = [question for questions in datasheet.QUESTIONS.values() for question in questions]
    assert len(asked) == len(set(asked))
    assert set(datasheet.ANSWERS) <= set(asked)
    files = datasheet.documents(facts())
    sheet: dict[str, Any] = json.loads(files[datasheet.DATA])
    told = {question: text for part in sheet["sections"].values() for question, text in part.items()}
    assert list(told) == asked
    assert told["Who paid for it?"] is None
    text = files[datasheet.TEXT]
    assert text.count("\n\nnot stated") == sum(answer is None for answer in told.values())
    assert "| loans | base | 200 |" in told["How many records are there of each kind?"]
    assert "`labels.is_fraud`" in told["Is there a label?"]


def test_empty_cells_are_counted_over_all_row_groups(tmp_path: Path) -> None:
    table = pa.table({"x": [None, 1, None, 2, None], "y": [1, 2, 3, 4, 5]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    assert {one.name: one.nulls for one in columns_of(tmp_path / "t.parquet")} == {"x": 3, "y": 0}
    pq.write_table(table, tmp_path / "bare.parquet", write_statistics=False)
    assert [one.nulls for one in columns_of(tmp_path / "bare.parquet")] == [None, None]


def test_columns_without_a_count_of_nulls_say_so(folder: Path) -> None:
    columns = {one.name: one for one in columns_of(folder / "patterns/scenario=base/patterns.parquet")}
    assert columns["accounts"].nulls is None
    assert columns["instance"].nulls == 0
