"""Save and load a fitted generator: safetensors and JSON, no pickle, written atomically."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from finsim.errors import FitError, did_you_mean
from finsim.extras import Later
from finsim.generators import ALL_GENERATORS, BY_KIND, kind_of_generator
from finsim.generators.generator import FitReport, State
from finsim.generators.tensor_files import as_system_errors
from finsim.notation import Array
from finsim.records.storage import canonical_json, digest_file, digest_text, write_json

safetensors = Later("safetensors", "markets")
files = Later("safetensors.numpy", "markets")

WEIGHTS, CARD, COST = "weights.safetensors", "model.json", "cost.json"
_FORMAT = 1
_FIELDS: Mapping[str, type] = {
    "generator": str, "facts": dict, "report": dict, "versions": dict, "extra": dict, "weights_sha256": str,
}  # fmt: skip
_MISFITS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class Fitted(Protocol):
    """What can be saved: a fitted generator of any kind."""

    name: ClassVar[str]
    report: FitReport

    def state(self) -> State:
        """Return everything needed to restore the generator."""
        ...


def save(generator: Fitted, folder: Path, extra: Mapping[str, Any]) -> None:
    """Write a generator into ``folder``, replacing what is there.

    weights.safetensors : the arrays. model.json : name, settings, report, versions, ``extra`` (any
    JSON-able mapping, such as the encoding of a market) and sha256 of both parts. cost.json : what
    the clock measured, kept apart so that equal fits give equal bytes in the other two.
    The folder appears only when it is complete.
    """
    state = generator.state()
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        arrays = {name: np.ascontiguousarray(state.arrays[name]) for name in sorted(state.arrays)}
        with as_system_errors(folder / WEIGHTS):
            files.save_file(arrays, temporary / WEIGHTS)
        report = generator.report.to_dict()
        write_json(temporary / COST, {"cpu_seconds": report.pop("cpu_seconds")})
        card = {
            "format": _FORMAT,
            "generator": generator.name,
            "facts": dict(state.facts),
            "report": report,
            "versions": _versions(),
            "extra": dict(extra),
            "weights_sha256": digest_file(temporary / WEIGHTS),
        }
        shutil.copymode(temporary / COST, temporary / WEIGHTS)  # safetensors writes for the owner alone
        write_json(temporary / CARD, {**card, "card_sha256": digest_text(canonical_json(card))})
        _swap(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def kind_of_model(folder: Path) -> str:
    """Return the kind of data that the model of ``folder`` is of: bars, events or table.

    Raises FitError for a missing, damaged or foreign folder.
    """
    name = _card(Path(folder))["generator"]
    if name in ALL_GENERATORS:
        return kind_of_generator(name)
    raise FitError(
        f"the model is of a generator called {name!r}",
        place=str(Path(folder) / CARD),
        remedy=did_you_mean(str(name), list(ALL_GENERATORS)),
    )


def load(folder: Path, kind: str = "bars") -> tuple[Any, dict[str, Any]]:
    """Return the generator of ``folder``, one of a kind of data, and the ``extra`` it was saved with.

    Raises FitError for a missing, damaged or foreign folder, and for a model of another kind.
    """
    folder = Path(folder)
    found = kind_of_model(folder)
    if found != kind:
        raise FitError(f"the model is of {found}", place=str(folder), expected=f"a model of {kind}")
    card = _card(folder)
    arrays = _arrays(folder / WEIGHTS, card["weights_sha256"])
    listed = BY_KIND[kind].load(card["generator"])
    try:
        generator = listed.from_state(State(arrays, card["facts"]))
        generator.report = FitReport.from_dict({**card["report"], "cpu_seconds": _cost(folder)})
    except _MISFITS as bad:
        said = " ".join(str(bad).split())[:160]
        raise FitError(
            f"the model does not fit together: {type(bad).__name__} {said}",
            place=str(folder),
            remedy="fit it again",
        ) from None
    return generator, dict(card["extra"])


def _card(folder: Path) -> dict[str, Any]:
    data = _json(folder / CARD)
    stated = data.pop("card_sha256", None)
    if stated != _own_digest(data):
        raise _damaged(folder / CARD, "its contents do not match its own sha256")
    if data.get("format") != _FORMAT:
        raise FitError(
            f"the model has format {data.get('format')!r}",
            place=str(folder / CARD),
            expected=f"format {_FORMAT}",
            remedy="fit it again with this version",
        )
    for name, kind in _FIELDS.items():
        if not isinstance(data.get(name), kind):
            raise _damaged(folder / CARD, f"{name} is missing or of another type")
    return data


def _own_digest(data: Mapping[str, Any]) -> str:
    try:
        return digest_text(canonical_json(data))
    except (ValueError, RecursionError):  # NaN and infinity, which no card holds
        return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        inner = path.parent / "model"
        if (inner / path.name).is_file():
            raise FitError(
                "a run, not a fitted model", place=str(path.parent), remedy=f"its model is {inner}"
            ) from None
        raise FitError(
            "no model here" if not path.parent.is_file() else "a file, not the folder of a model",
            place=str(path.parent if path.parent.is_file() else path),
            remedy="give the folder that `finsim fit -o` wrote",
        ) from None
    except (OSError, ValueError, RecursionError) as bad:
        raise _damaged(path, str(bad)) from None
    if not isinstance(data, dict):
        raise _damaged(path, "it is not a JSON object")
    return data


def _arrays(path: Path, stated: str) -> dict[str, Array]:
    if not path.is_file():
        raise _damaged(path, "the file is missing")
    if digest_file(path) != stated:
        raise _damaged(path, "its bytes do not match the sha256 in model.json")
    try:
        return dict(files.load_file(path))
    except (safetensors.SafetensorError, ValueError) as bad:
        raise _damaged(path, str(bad)) from None


def _cost(folder: Path) -> float:
    seconds = _json(folder / COST).get("cpu_seconds")
    if not isinstance(seconds, int | float):
        raise _damaged(folder / COST, "cpu_seconds is not a number")
    return float(seconds)


def _damaged(path: Path, found: str) -> FitError:
    return FitError(
        f"the model is damaged: {found}", place=str(path), remedy="copy it again, or fit it again"
    )


def _versions() -> dict[str, str]:
    names = ("finsim", "numpy", "torch", "safetensors")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _swap(temporary: Path, folder: Path) -> None:
    """Put the finished folder in place; an old one is moved aside first and then deleted."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        os.replace(folder, old)
    os.replace(temporary, folder)
    shutil.rmtree(old, ignore_errors=True)
