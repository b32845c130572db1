"""Exports of a run in the formats of other tools: documents about it, and its rows as others read them.

A document is one line here and one file of this folder; a data format is one file in ``payments/`` or
``bars/`` and no line.
"""

from finsim.catalog import Entry
from finsim.exports.export_catalog import export_catalog

DOCUMENTS = {
    "croissant": Entry(
        "finsim.exports.croissant:documents",
        "Croissant 1.1 JSON-LD: every table with fields, types and sha256, and the RAI fields",
    ),
    "datasheet": Entry(
        "finsim.exports.datasheet:documents",
        "datasheet for datasets (Gebru et al.): Markdown and JSON; what is not known says so",
    ),
    "model-card": Entry(
        "finsim.exports.model_card:documents",
        "model card for validation and privacy: Markdown and JSON, with costs and a place to sign",
    ),
    "openlineage": Entry(
        "finsim.exports.openlineage:documents",
        "OpenLineage events START and COMPLETE: schemas, counts of rows and nulls, verdicts",
    ),
    "prov": Entry(
        "finsim.exports.prov:documents",
        "W3C PROV-JSON: what was made from what, by which step",
    ),
    "sbom": Entry(
        "finsim.exports.sbom:documents",
        "CycloneDX 1.6 bill of materials: packages, models and input data of the run",
    ),
}
"""Name of a document -> the function ``documents(facts)`` that returns its files as name -> text."""

EXPORTS = export_catalog(DOCUMENTS, {"model-card": ("record_price", "cpu_price", "currency")})
"""Every export by name."""
