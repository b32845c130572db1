"""Exports of a finished run in the formats of other tools; each line is one file of this folder."""

from finsim.catalog import Catalog, Entry

EXPORTS = Catalog(
    "export",
    {
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
    },
)
"""Name of an export -> the function ``documents(facts)`` that returns its files as name -> text."""
