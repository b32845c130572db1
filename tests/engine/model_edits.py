"""Edits of the card of a saved model that are signed again: the digest is right, the contents are not."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finsim.records.storage import canonical_json, digest_text

OTHERS: tuple[Any, ...] = (None, "x", -1, 0, 3.5, 10**9, True, [], {}, ["x"], {"x": 1}, [[1]])


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in list(keys):
        yield data, key
        yield from _places(data[key])


def edited(model: Path, folder: Path, rng: random.Random) -> tuple[Path, str]:
    """Return a copy of a model folder with one fact edited or lost, and what was done."""
    copy = folder / f"model-{rng.randrange(2**40)}"
    shutil.copytree(model, copy)
    card = json.loads((copy / "model.json").read_text())
    holder, key = rng.choice([place for place in _places(card) if place[1] not in ("card_sha256", "format")])
    if rng.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
        said = f"no {key}"
    else:
        holder[key] = rng.choice([one for one in OTHERS if type(one) is not type(holder[key])])
        said = f"{key} = {holder[key]!r}"
    card.pop("card_sha256", None)
    (copy / "model.json").write_text(json.dumps({**card, "card_sha256": digest_text(canonical_json(card))}))
    return copy, said
