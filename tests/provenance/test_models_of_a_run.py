"""A run may hold a model of prices and one of payments; each is compared with its own weights."""

from __future__ import annotations

from typing import Any

import pytest

from finsim.provenance.verifying import manifest_facts
from finsim.records.run_layout import MODEL_FOLDERS


def manifest() -> dict[str, Any]:
    weights = {world: f"{folder}/weights.safetensors" for world, folder in MODEL_FOLDERS.items()}
    return {
        "files": [{"path": path, "sha256": f"of {world}"} for world, path in weights.items()],
        "inputs": [{"sha256": "data"}],
        "models": [{"world": world, "sha256": f"of {world}", "inputs": ["data"]} for world in weights],
    }


def test_each_model_is_compared_with_its_own_weights() -> None:
    assert set(MODEL_FOLDERS) == {"market", "transactions"}
    assert list(manifest_facts._models(manifest())) == []


@pytest.mark.parametrize("place", [0, 1])
def test_other_weights_are_told_by_world(place: int) -> None:
    changed = manifest()
    changed["files"][place]["sha256"] = "other"
    world = changed["models"][place]["world"]
    told = f"the sha256 of the {world} model is not that of {MODEL_FOLDERS[world]}/weights.safetensors"
    assert list(manifest_facts._models(changed)) == [f"models: {told}"]
