"""The manifest: complete, plain, self-checking, and found out without importing anything heavy."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from miniature_run import GROUP, PRICES, SCENARIOS, describe

from finsim import documents
from finsim.errors import ProvenanceError
from finsim.provenance import origin_tags as tags
from finsim.provenance.audit_log import read_log
from finsim.provenance.environment import environment, source_commit
from finsim.provenance.inputs import describe_input
from finsim.provenance.lineage import REPAIR_SCHEMA, SEQUENCE_SCHEMA
from finsim.provenance.manifest import (
    Findings,
    Manifest,
    Sources,
    Statement,
    build_manifest,
    plain,
    read_manifest,
    write_manifest,
)
from finsim.records.storage import canonical_json, digest_file, digest_text


def test_it_names_what_went_in_and_what_came_out(finished: Path) -> None:
    manifest = read_manifest(finished)
    assert manifest.study["id"] == "mini"
    assert manifest.study["sha256"] == digest_text(canonical_json({"id": "mini", "seed": 7}))
    assert manifest.seeds["root"] == 7
    assert {name: item["sha256"] for name, item in manifest.scenarios.items()} == SCENARIOS
    assert manifest.inputs[0]["licence"] == "public domain"
    assert manifest.models[0]["inputs"] == [PRICES]
    assert manifest.scores == {"auc": None, "ks": 0.25}
    assert manifest.rules["market/base"]["rules"]["high-low"]["after"] == 0
    assert len(manifest.outputs) == 18
    for item in manifest.outputs:
        assert item["sha256"] == digest_file(finished / item["path"])
        assert item["rows"] == pq.read_metadata(finished / item["path"]).num_rows
        assert item["bytes"] == (finished / item["path"]).stat().st_size
    assert [item["path"] for item in manifest.files] == [
        "lineage/repairs.parquet",
        "lineage/sequences.parquet",
        "model/weights.safetensors",
        "report.html",
        "scorecard.json",
    ]
    *seen, seal = read_log(finished / "audit.log")
    assert manifest.audit == {"entries": len(seen), "head": seal.prev}


def test_row_group_digests_are_those_of_the_bytes_between_header_and_footer(finished: Path) -> None:
    """Own reading of the file: the row groups lie one after the other behind the four magic bytes."""
    path = finished / "transactions" / "scenario=base" / "transactions.parquet"
    facts = pq.read_metadata(path)
    assert facts.num_row_groups == -(-50 // GROUP)
    data = path.read_bytes()
    start, digests = 4, []
    for number in range(facts.num_row_groups):
        columns = [facts.row_group(number).column(i) for i in range(facts.num_columns)]
        size = sum(column.total_compressed_size for column in columns)
        digests.append(hashlib.sha256(data[start : start + size]).hexdigest())
        start += size
    listed = next(
        item
        for item in read_manifest(finished).outputs
        if item["path"].startswith("transactions/scenario=base/")
    )
    assert [group["sha256"] for group in listed["row_groups"]] == digests
    assert [group["rows"] for group in listed["row_groups"]] == [16, 16, 16, 2]
    assert listed["footer"] == {"start": start, "sha256": hashlib.sha256(data[start:]).hexdigest()}


def test_costs_are_per_million_rows_and_money_needs_a_price(run: Path) -> None:
    sources = Sources({"id": "x"}, 1, {})
    cost = build_manifest(run, sources, Findings(cpu_seconds={"market": 3.0, "evidence": 1.0})).cost
    rows = 2 * 3 * 4 * 2
    assert cost["rows"]["market"] == rows
    assert cost["cpu_seconds_per_million_by_world"] == {"market": pytest.approx(3.0 / rows * 1e6)}
    assert cost["cpu_seconds_per_million"] == pytest.approx(4.0 / cost["rows"]["total"] * 1e6)
    assert "money" not in cost
    priced = Findings(cpu_seconds={"market": 3600.0}, price_per_cpu_hour=0.05, currency="USD")
    money = build_manifest(run, sources, priced).cost["money"]
    assert money["total"] == pytest.approx(0.05)
    assert money["per_million"] == pytest.approx(0.05 / cost["rows"]["total"] * 1e6)


def test_equal_tables_have_one_dataset_digest(finished: Path, run: Path) -> None:
    first = read_manifest(finished)
    again = describe(run)
    assert again.dataset_sha256 == first.dataset_sha256
    (run / "bars" / "scenario=base" / "bars.parquet").unlink()
    assert describe(run).dataset_sha256 != first.dataset_sha256


def test_it_round_trips_and_checks_itself(run: Path) -> None:
    manifest = read_manifest(run)
    assert manifest.digest() == manifest.sha256
    write_manifest(run, manifest)
    assert read_manifest(run) == manifest


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data["seeds"].update(root=8), "was changed"),
        (lambda data: data["outputs"].pop(), "was changed"),
        (lambda data: data.update(sha256="0" * 64), "was changed"),
        (lambda data: data.update(schema="finsim.manifest/2"), "schema 'finsim.manifest/2'"),
        (lambda data: data.pop("audit"), "not a manifest"),
        (lambda data: data.update(extra=1), "not a manifest"),
    ],
)
def test_a_changed_manifest_is_refused(run: Path, change, found: str) -> None:
    path = run / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ProvenanceError, match=found) as caught:
        read_manifest(run)
    assert caught.value.problems[0].place == str(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null"])
def test_other_files_are_refused(run: Path, text: str) -> None:
    (run / "manifest.json").write_text(text)
    with pytest.raises(ProvenanceError):
        read_manifest(run)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match=r"not the folder of a run|no such folder"):
        read_manifest(tmp_path)


def test_a_statement_can_be_the_users_own(run: Path) -> None:
    own = Statement(intended_use=("a demo",), known_limits=())
    assert build_manifest(run, Sources({}, 1, {}), Findings(), own).statement["intended_use"] == ["a demo"]
    default = build_manifest(run, Sources({}, 1, {}), Findings()).statement
    assert all(default[name] for name in ("intended_use", "prohibited_use", "known_limits"))


def test_versions_are_read_and_torch_is_named_only_when_used() -> None:
    facts = environment()
    assert facts["versions"]["numpy"] == np.__version__
    assert "torch" not in facts["versions"]
    assert environment(("torch",))["versions"]["torch"]
    assert environment(("no-such-package",))["versions"]["no-such-package"] == "not installed"
    assert facts["determinism"].startswith("bitwise")
    commit = source_commit()
    assert commit is None or len(commit["commit"]) == 40


def test_building_a_manifest_imports_no_torch(finished: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from finsim.provenance.manifest import *\n"
        "m = build_manifest(Path(sys.argv[1]), Sources({}, 1, {}, packages=('torch',)), Findings())\n"
        "assert m.environment['versions']['torch']\n"
        "print([name for name in ('torch', 'numba', 'sklearn', 'scipy') if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, str(finished)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_bundled_inputs_carry_their_terms(tmp_path: Path) -> None:
    listed = describe_input(documents.shipped("data") / "german_credit.csv.gz", "loans", 1000)
    assert listed.path == "shipped:german_credit.csv.gz"
    assert "CC BY 4.0" in listed.licence
    own = tmp_path / "german_credit.csv.gz"
    own.write_bytes(b"x")
    assert describe_input(own, "loans").licence == ""
    assert describe_input(own, "loans").path == str(own)


def test_plain_data() -> None:
    @dataclasses.dataclass
    class Inner:
        values: tuple[float, ...]

    data = plain(
        {
            "a": Inner((1.0, float("inf"))),
            2: np.int64(3),
            "b": np.array([True, False]),
            "c": Path("x"),
            "d": None,
        }
    )
    assert data == {"a": {"values": [1.0, None]}, "2": 3, "b": [True, False], "c": "x", "d": None}
    json.dumps(data, allow_nan=False)


def test_the_reference_page_names_every_section_tag_and_lineage_column() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "manifest.md").read_text()
    names = [item.name for item in dataclasses.fields(Manifest)]
    names += [*SEQUENCE_SCHEMA.names, *REPAIR_SCHEMA.names]
    missing = [name for name in names if f"`{name}`" not in page]
    assert not missing
    for code, words in tags.MEANING.items():
        assert f"| {code} | {words} |" in page
