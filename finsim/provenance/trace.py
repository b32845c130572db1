"""``trace``: from one row of a run back to its seed, scenario, model, data, story, rules and hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import ProvenanceError, did_you_mean
from finsim.provenance.audit_log import read_log
from finsim.provenance.lineage import KINDS, NO_ID, REPAIRS, SEQUENCES
from finsim.provenance.manifest import Manifest, plain, read_manifest
from finsim.provenance.origin_tags import DECOY, NARRATIVE, meaning
from finsim.provenance.outputs import digest_range, footer_agrees
from finsim.provenance.parquet_rows import count_rows, group_of, rows_at, rows_where
from finsim.provenance.related_rows import relatives
from finsim.provenance.trace_story import Story
from finsim.provenance.trace_training import learned_from, training_of
from finsim.records.run_layout import WORLD_OF, named_table, place_of, scenarios_of, table_file, table_path
from finsim.records.storage import digest_file

__all__ = ["Story", "trace"]

_MEANT = {
    "payments": "transactions",
    "orders": "transactions",
    "prices": "bars",
    "paths": "bars",
    "schemes": "patterns",
    "portfolio": "loans",
    "book": "loans",
}
"""What a table is also called -> its name in a run."""
_KIND = {"market": "path", "transactions": "account_shard", "credit": "loan_shard"}


@dataclass(frozen=True)
class _Place:
    """Where a row stands: the run, its table and scenario, and its number."""

    run: Path
    name: str
    scenario: str
    row: int

    @property
    def world(self) -> str:
        return WORLD_OF[self.name]

    @property
    def table(self) -> str:
        return f"{self.name}/{self.scenario}"

    @property
    def path(self) -> str:
        return table_path(self.name, self.scenario)

    @property
    def file(self) -> Path:
        return self.run / self.path


def trace(run: str | Path, table: str, row: int, scenario: str | None = None) -> Story:
    """Return the story of one row of a run.

    ``table`` is a name such as ``transactions``, ``transactions/base`` or the path of a file; without a
    scenario the run's first is meant. ``row`` counts from 0. Raises ProvenanceError for an unknown table
    or scenario (with a suggestion), a row that is not there, a run without a readable manifest or log, or
    tables that are no longer what the manifest says.
    """
    folder = Path(run)
    manifest = read_manifest(folder)
    name, told = named_table(table)
    label = scenario or told or next(iter(scenarios_of(manifest.to_dict())), "")
    place = _place(folder, (name, label), row, manifest)
    try:
        return _story(place, manifest)
    except (pa.ArrowException, OSError) as bad:
        raise _changed(folder, f"a table cannot be read: {bad}") from None


def _story(place: _Place, manifest: Manifest) -> Story:
    file = _file(place, manifest)
    values = rows_at(place.file, [place.row])[0]
    if place.name == "transactions":
        _file(_Place(place.run, "labels", place.scenario, place.row), manifest)
        values |= rows_at(table_file(place.run, "labels", place.scenario), [place.row])[0]
    del values["row"]
    unit = _unit(place, values)
    origin = _origin(place, values, unit, manifest)
    return Story(
        place.table,
        place.row,
        values,
        origin,
        relatives(place.run, (place.name, place.scenario), place.row, values),
        _rules(place, unit, manifest),
        _audit(place),
        file,
        training_of((place.name, place.scenario), values, origin, manifest),
    )


def _changed(place: Path, found: str) -> ProvenanceError:
    return ProvenanceError(found, place=str(place), remedy="`finsim verify RUN` lists all that was changed")


def _unknown(run: Path, wanted: tuple[str, str], known: set[tuple[str, str]]) -> ProvenanceError:
    """Return the error for a table that the run has not, or has not of that scenario."""
    table, scenario = wanted
    tables = sorted({one for one, _ in known})
    if table in tables:
        labels = sorted(label for name, label in known if name == table)
        found, remedy = f"no scenario {scenario!r} of table {table!r}", did_you_mean(scenario, labels)
        return ProvenanceError(found, place=str(run), expected=f"one of {', '.join(labels)}", remedy=remedy)
    found, remedy = f"no table {table!r} in this run", did_you_mean(_MEANT.get(table, table), tables)
    return ProvenanceError(found, place=str(run), expected=f"one of {', '.join(tables)}", remedy=remedy)


def _place(run: Path, wanted: tuple[str, str], row: int, manifest: Manifest) -> _Place:
    """Find the row; refuse tables whose footer was changed, before anything reads them as Parquet."""
    for item in manifest.outputs:
        if (run / item["path"]).is_file() and not footer_agrees(run / item["path"], item):
            raise _changed(run / item["path"], "the footer was changed")
    for item in manifest.files:
        name = item["path"]
        if (
            name in (SEQUENCES, REPAIRS)
            and (run / name).is_file()
            and digest_file(run / name) != item["sha256"]
        ):
            raise _changed(run / name, "the file was changed")
    known = {place_of(item["path"]) for item in manifest.outputs if (run / item["path"]).is_file()}
    if wanted not in known:
        raise _unknown(run, wanted, known)
    place = _Place(run, *wanted, row)
    count = count_rows(place.file)
    if not 0 <= row < count:
        raise ProvenanceError(
            f"no row {row}",
            place=place.path,
            expected=f"a row from 0 to {count - 1:,}",
            remedy="rows count from 0",
        )
    return place


def _unit(place: _Place, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lineage row of the unit that made this row, empty when there is none."""
    file = place.run / SEQUENCES
    if not file.is_file() or place.world not in _KIND:
        return {}
    kind, number, member = _key(place, values)
    where = {"layer": KINDS[kind], "scenario": place.scenario, "kind": kind}
    if number is not None:
        found = rows_at(file, rows_where(file, {**where, "sequence": number})[:1])
    else:
        units = rows_at(file, rows_where(file, where))
        found = [unit for unit in units if member is not None and _holds(unit, member)]
    return {name: value for name, value in found[0].items() if name != "row"} if found else {}


def _holds(unit: Mapping[str, Any], member: int) -> bool:
    first, last = unit["first_id"], unit["last_id"]
    return NO_ID not in (first, last) and bool(first <= member <= last)


def _key(place: _Place, values: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    """Return kind and number of a row's unit, or the account or loan by which a shard is found."""
    instance = values.get("instance")
    if place.world == "transactions" and instance is not None and instance >= 0:
        return "scheme", instance, None
    if place.world == "market":
        return "path", values.get("path", values.get("_fs_seq")), None
    member = values.get("account_id", values.get("from_account", values.get("loan_id")))
    return _KIND[place.world], values.get("_fs_seq"), member


def _origin(
    place: _Place, values: Mapping[str, Any], unit: Mapping[str, Any], manifest: Manifest
) -> dict[str, Any]:
    source = values.get("_fs_src", unit.get("source"))
    scenario = manifest.scenarios.get(place.scenario, {})
    model = _model(place, unit, manifest)
    seed = manifest.seeds["root"]
    return {
        "layer": place.world,
        "made_by": meaning(source) if source is not None else "",
        "scenario": place.scenario,
        "scenario_sha256": unit.get("scenario_sha256") or scenario.get("sha256", ""),
        "scenario_title": scenario.get("title", ""),
        "unit": f"{unit['kind']} {unit['sequence']}" if unit else "",
        "narrative": values.get("narrative") or unit.get("name") or "",
        "benign": source == DECOY if source in (DECOY, NARRATIVE) else None,
        "seed": seed,
        "stream": _stream(seed, unit.get("stream", "")),
        "model": model,
        "training_data": learned_from(place.world, model, manifest),
        "study_sha256": manifest.study["sha256"],
    }


def _model(place: _Place, unit: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Return the model that the unit names, else the only model of its world."""
    if not unit.get("model_sha256"):
        of_world = [item for item in manifest.models if item["world"] == place.world]
        return dict(of_world[0]) if len(of_world) == 1 else {}
    named = [item for item in manifest.models if item["sha256"] == unit["model_sha256"]]
    return dict(named[0]) if named else {"sha256": unit["model_sha256"]}


def _stream(seed: int, address: str) -> str:
    """Return the call that gives the unit's streams again."""
    if not address:
        return ""
    return f"Streams({seed}).under({', '.join(repr(part) for part in json.loads(address))})"


def _rules(place: _Place, unit: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """Return how its world and scenario fared under the rules, and the repairs of this very row."""
    pack = manifest.rules.get(f"{place.world}/{place.scenario}", {})
    rules = pack.get("rules", {})
    touched = {
        name: facts for name, facts in rules.items() if facts.get("violations") or facts.get("repaired")
    }
    repairs: list[dict[str, Any]] = []
    if (place.run / REPAIRS).is_file():
        file = place.run / REPAIRS
        repairs = rows_at(file, rows_where(file, {"table": place.table, "row": place.row}))
        repairs = [{name: item[name] for name in ("rule", "column", "before", "after")} for item in repairs]
    return {
        "pack": pack.get("pack", ""),
        "pack_sha256": pack.get("sha256", ""),
        "rules_checked": len(rules) or None,
        "rules_that_fired_in_the_table": touched,
        "repairs_in_the_unit": unit.get("repairs"),
        "repairs_of_this_row": repairs,
    }


def _audit(place: _Place) -> list[dict[str, Any]]:
    """Return the log entries about the row's file, its world under its scenario, and the whole run."""
    about = {place.path, place.table, f"{place.world}/{place.scenario}"}
    entries = read_log(place.run / "audit.log")
    return [plain(entry) for entry in entries if entry.subject in about or entry.event.startswith("run_")]


def _file(place: _Place, manifest: Manifest) -> dict[str, Any]:
    """Return the digests of file and row group; raises ProvenanceError when the row group was changed."""
    listed = next(item for item in manifest.outputs if item["path"] == place.path)
    number = group_of(place.file, place.row)
    group = listed["row_groups"][number]
    if digest_range(place.file, group["start"], group["bytes"]) != group["sha256"]:
        raise _changed(place.file, f"row group {number}, in which row {place.row} stands, was changed")
    return {
        "path": place.path,
        "sha256": listed["sha256"],
        "rows": listed["rows"],
        "row_group": number,
        "row_group_sha256": group["sha256"],
        "row_group_agrees": True,
        "manifest_sha256": manifest.sha256,
    }
