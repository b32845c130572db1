"""CycloneDX 1.6 (ECMA-424): the packages, models and input data that a run was made with."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any
from urllib.parse import quote

from finsim.exports.run_facts import RunFacts, as_json, name_of

FILE = "sbom.cdx.json"
_ABSENT = "not installed"
_LONGEST = 80  # a longer licence field is the licence's text, not its name


def documents(facts: RunFacts) -> dict[str, str]:
    """Return ``sbom.cdx.json``."""
    return {FILE: as_json(document(facts))}


def document(facts: RunFacts) -> dict[str, Any]:
    """Return the bill of materials as plain data."""
    versions = facts.manifest["environment"]["versions"]
    parts = [_package(name, version) for name, version in versions.items() if version != _ABSENT]
    parts += [_model(item) for item in facts.models()]
    parts += [_input(item) for item in facts.inputs()]
    listed = list({part["bom-ref"]: part for part in parts}.values())
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{facts.uuid}",
        "version": 1,
        "metadata": {
            "timestamp": facts.manifest["created"],
            "tools": {"components": [{"type": "application", "name": "finsim", "version": facts.version}]},
            "component": {
                "type": "data",
                "bom-ref": "run",
                "name": facts.id,
                "version": facts.manifest["dataset_sha256"][:12],
                "description": facts.title,
                "hashes": _hashes(facts.manifest["dataset_sha256"]),
            },
        },
        "components": listed,
        "dependencies": [{"ref": "run", "dependsOn": [part["bom-ref"] for part in listed]}],
        # The manifest names what finsim declares that it needs, not what those packages need in turn.
        "compositions": [{"aggregate": "incomplete", "assemblies": ["run"]}],
    }


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _package(name: str, version: str) -> dict[str, Any]:
    if name == "python":
        return {"type": "platform", "bom-ref": f"python@{version}", "name": name, "version": version}
    purl = f"pkg:pypi/{quote(name.lower().replace('_', '-'), safe='-.')}@{quote(version, safe='-.')}"
    kind = "application" if name == "finsim" else "library"
    found = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return {**found, **_licences(name, version)}


def _licences(name: str, version: str) -> dict[str, Any]:
    """Return the licence that a package states of itself; none where that very version is not at hand."""
    try:
        told = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return {}
    if told.version != version:
        return {}
    stated = told.metadata.json
    expression = stated.get("license_expression")
    if expression:
        return {"licenses": [{"expression": expression}]}
    lines = [line for line in stated.get("classifier", ()) if line.startswith("License ::")]
    kinds = [line.split(" :: ")[-1] for line in lines]
    text = str(stated.get("license") or "").strip()
    if text and len(text) <= _LONGEST and "\n" not in text:
        kinds = [text]
    return {"licenses": [{"license": {"name": kind}} for kind in kinds]} if kinds else {}


def _model(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{item['sha256']}",
        "name": f"{item['generator']} of {item['world']}",
        "version": item["sha256"][:12],
        "hashes": _hashes(item["sha256"]),
    }


def _input(item: Mapping[str, Any]) -> dict[str, Any]:
    terms = {"licenses": [{"license": {"name": item["licence"]}}]} if item["licence"] else {}
    return {
        "type": "data",
        "bom-ref": f"input:{item['sha256']}",
        "name": name_of(item),
        "description": item["role"],
        "hashes": _hashes(item["sha256"]),
        **terms,
    }
