"""Meaning of the tag columns ``_fs_src`` (which layer made a row) and ``_fs_seq`` (which unit of it).

``_fs_src`` (uint8) holds one of the codes below. ``_fs_seq`` (uint32) is the number of the generated
unit within its kind: the path of a bar, the instance of a scheme's payment, the shard of an ordinary
payment or of a loan. Layer, scenario, kind and number are the key of ``lineage/sequences.parquet``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BODY, LIFE, NARRATIVE, OVERLAY, REPAIR, REAL, DECOY = range(7)

MEANING: Mapping[int, str] = MappingProxyType(
    {
        BODY: "body generator",
        LIFE: "ordinary life",
        NARRATIVE: "fraud or money-laundering narrative",
        OVERLAY: "scenario overlay",
        REPAIR: "constraint repair",
        REAL: "real record",
        DECOY: "benign decoy",
    }
)


def meaning(code: int) -> str:
    """Return the words for a ``_fs_src`` code; ``unknown code N`` for any other number."""
    return MEANING.get(code, f"unknown code {code}")
