"""``manifest.json``: everything needed to say what a run is, to make it again, and to doubt it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finsim.errors import ProvenanceError
from finsim.file_kinds import unlike_a_run
from finsim.provenance.audit_log import verify_log
from finsim.provenance.environment import environment
from finsim.provenance.inputs import Input, Model
from finsim.provenance.outputs import (
    dataset_digest,
    describe_file,
    describe_table,
    other_files,
    table_files,
)
from finsim.records.run_layout import WORLD_OF, world_of
from finsim.records.storage import canonical_json, digest_text, write_json

SCHEMA = "finsim.manifest/1"
NAME = "manifest.json"
PLAN = ".finsim/plan.json"
CHANGED = "the manifest was changed after it was written"


@dataclass(frozen=True)
class Statement:
    """What the data are for, what they are not for, and what is known to be wrong with them.

    ``real_records`` names tables that hold real records as they were given.
    """

    intended_use: tuple[str, ...] = (
        "train and test fraud and money-laundering detectors",
        "stress portfolios and trading rules under stated scenarios",
        "develop, demonstrate and load-test software without real customers' data",
    )
    prohibited_use: tuple[str, ...] = (
        "decisions about real persons",
        "estimating real fraud, laundering or default rates",
        "presenting the data as real",
    )
    known_limits: tuple[str, ...] = (
        "base rates of schemes are those of the study, not measured ones",
        "scenarios are conditional stories without probabilities",
        "similarity to real data is shown only by the metrics of the scorecard, on the data named here",
    )
    real_records: tuple[str, ...] = ()


KEPT_LOANS = Statement(
    intended_use=("stress the very loans of the tape under stated scenarios",),
    prohibited_use=(*Statement.prohibited_use, "sharing the loans more widely than the tape itself"),
    known_limits=(
        "the loans are those of the tape, with their keys and all other columns as given: real records",
        *Statement.known_limits,
    ),
    real_records=("loans",),
)
"""What is said of a run that follows the very loans of a tape."""


@dataclass(frozen=True)
class Sources:
    """What went into a run.

    ``study`` is the resolved study; ``scenarios[label]`` the resolved scenario, with its own ``digest``
    or ``sha256`` where the caller has one; ``packages`` are distributions used beside the core ones.
    """

    study: Mapping[str, Any]
    seed: int
    scenarios: Mapping[str, Mapping[str, Any]]
    inputs: Sequence[Input] = ()
    models: Sequence[Model] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """What came out beside the files.

    ``rules[table or scenario]`` counts breaches before and after repair; ``scores`` is the scorecard's
    summary; ``cpu_seconds[stage]`` the CPU time, where a stage named like a world is set against that
    world's rows. ``price_per_cpu_hour`` is the user's own price; without it no money is stated.
    """

    rules: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    wall_seconds: float | None = None
    price_per_cpu_hour: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Manifest:
    """The sections of a manifest as plain data; ``sha256`` is the digest of all the others."""

    schema: str
    created: str
    study: Mapping[str, Any]
    seeds: Mapping[str, Any]
    scenarios: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]
    models: Sequence[Mapping[str, Any]]
    environment: Mapping[str, Any]
    rules: Mapping[str, Any]
    scores: Mapping[str, Any]
    cost: Mapping[str, Any]
    outputs: Sequence[Mapping[str, Any]]
    files: Sequence[Mapping[str, Any]]
    dataset_sha256: str
    audit: Mapping[str, Any]
    statement: Mapping[str, Any]
    sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as plain data, in the layout of ``manifest.json``."""
        return asdict(self)

    def digest(self) -> str:
        """Return the sha256 of the canonical JSON of every section but ``sha256`` itself."""
        return _digest(self.to_dict())


def build_manifest(
    run: Path, sources: Sources, findings: Findings, statement: Statement | None = None
) -> Manifest:
    """Describe a run folder that is complete but for its manifest.

    Hashes every table and file, and takes the head of ``audit.log``. Raises ProvenanceError when the
    log is broken or missing.
    """
    run = Path(run)
    outputs = [describe_table(run, name) for name in table_files(run)]
    entries, head = verify_log(run / "audit.log")
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "study": _with_digest(plain(sources.study)),
        "seeds": {"root": sources.seed, "streams": "Philox from SeedSequence(root, blake2b of the address)"},
        "scenarios": {name: _with_digest(plain(item)) for name, item in sources.scenarios.items()},
        "inputs": plain(sources.inputs),
        "models": plain(sources.models),
        "environment": environment(sources.packages),
        "rules": plain(findings.rules),
        "scores": plain(findings.scores),
        "cost": cost_of(outputs, findings),
        "outputs": outputs,
        "files": [describe_file(run, name) for name in other_files(run)],
        "dataset_sha256": dataset_digest(outputs),
        "audit": {"entries": entries, "head": head},
        "statement": plain(statement or Statement()),
    }
    return Manifest(**data, sha256=_digest(data))


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Write ``manifest.json`` into a run folder, atomically."""
    write_json(Path(run) / NAME, manifest.to_dict())


def read_manifest(run: Path) -> Manifest:
    """Read the manifest of a run folder.

    Raises ProvenanceError when the run is not finished or the folder is no run, and for a manifest of
    another schema or one that was changed.
    """
    data = parse_manifest(run)
    if strange := strange_sections(data):
        raise ProvenanceError(
            f"not a manifest of this version: it has too many or too few sections: {', '.join(strange)}",
            place=str(Path(run) / NAME),
            expected=SCHEMA,
        )
    if not is_own_digest(data):
        raise ProvenanceError(CHANGED, place=str(Path(run) / NAME), remedy="restore it or run again")
    return Manifest(**data)


def parse_manifest(run: Path) -> dict[str, Any]:
    """Read the sections of a manifest without comparing its digest; raises as ``read_manifest`` does."""
    path = Path(run) / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if (Path(run) / PLAN).is_file():
            raise ProvenanceError(
                "this run is not finished", place=str(run), remedy=f"finsim run --resume {run}"
            ) from None
        found, remedy = unlike_a_run(Path(run))
        raise ProvenanceError(
            found, place=str(run), expected="the folder of a finished run", remedy=remedy
        ) from None
    except (ValueError, RecursionError, IsADirectoryError):
        raise ProvenanceError("the manifest is not JSON", place=str(path), remedy="restore it") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        other = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise ProvenanceError(
            f"not a manifest this version can read (schema {other!r})", place=str(path), expected=SCHEMA,
            remedy="restore it, or read the run with the finsim that made it",
        )  # fmt: skip
    return data


def strange_sections(data: Mapping[str, Any]) -> list[str]:
    """Return the sections that a manifest has too many or too few, sorted."""
    return sorted(set(data) ^ {item.name for item in fields(Manifest)})


def is_own_digest(data: Mapping[str, Any]) -> bool:
    """Tell whether the ``sha256`` of a manifest is that of its other sections."""
    try:
        return bool(data["sha256"] == _digest(data))
    except (ValueError, RecursionError):  # NaN or infinity, which no manifest holds
        return False


def plain(value: Any) -> Any:
    """Return JSON data: dataclasses and models as objects, tuples and arrays as lists, NaN as null."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    elif is_dataclass(value) and not isinstance(value, type):
        value = {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _digest(data: Mapping[str, Any]) -> str:
    return digest_text(canonical_json({name: item for name, item in data.items() if name != "sha256"}))


def _with_digest(data: dict[str, Any]) -> dict[str, Any]:
    known = data.get("sha256") or data.get("digest")
    return {**data, "sha256": known or digest_text(canonical_json(data))}


def cost_of(outputs: Sequence[Mapping[str, Any]], findings: Findings) -> dict[str, Any]:
    """Return CPU seconds by stage and in all, and per million rows; money only at a given price."""
    cpu = {name: round(float(seconds), 3) for name, seconds in findings.cpu_seconds.items()}
    rows = {
        world: sum(item["rows"] for item in outputs if world_of(item["path"]) == world)
        for world in dict.fromkeys(WORLD_OF.values())
    }
    total = sum(cpu.values())
    cost: dict[str, Any] = {
        "cpu_seconds": cpu,
        "cpu_seconds_total": round(total, 3),
        "wall_seconds": findings.wall_seconds,
        "rows": {**rows, "total": sum(rows.values())},
        "cpu_seconds_per_million": _per_million(total, sum(rows.values())),
        "cpu_seconds_per_million_by_world": {
            world: _per_million(cpu[world], count) for world, count in rows.items() if world in cpu
        },
    }
    if findings.price_per_cpu_hour is not None:
        cost["money"] = {
            "currency": findings.currency,
            "price_per_cpu_hour": findings.price_per_cpu_hour,
            "total": total / 3600 * findings.price_per_cpu_hour,
            "per_million": _per_million(total / 3600 * findings.price_per_cpu_hour, sum(rows.values())),
        }
    return cost


def _per_million(amount: float, rows: int) -> float | None:
    return round(amount / rows * 1e6, 6) if rows else None
