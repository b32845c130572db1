"""The generated units of a run, for the lineage table: paths, schemes, account shards, loan shards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finsim.engine.learned_payments.places_in_run import LIFE as LEARNED_LIFE
from finsim.engine.learned_payments.places_in_run import MODEL
from finsim.engine.study.loan_tape import loan_count
from finsim.engine.study.study_resolution import Plan
from finsim.provenance import origin_tags as tags
from finsim.provenance.lineage import Unit, address
from finsim.records.run_layout import table_file
from finsim.records.storage import digest_file, read_table


def units(run: Path, plan: Plan) -> Iterator[Unit]:
    """Yield every generated unit of every scenario, with its stream address and source."""
    for label in plan.scenarios:
        yield from _paths(run, plan, label)
        yield from _payments(run, plan, label)
        yield from _loans(plan, label)


def _paths(run: Path, plan: Plan, label: str) -> Iterator[Unit]:
    if plan.study.market is None:
        return
    drivers = plan.drivers[label]
    source = tags.OVERLAY if drivers.market or drivers.anchors else tags.BODY
    model = digest_file(run / "model" / "weights.safetensors")
    for path in range(plan.study.market.paths):
        stream = address("market", "sample", "path", path)
        yield Unit(label, "path", path, stream, source, drivers.digest, model)


def _payments(run: Path, plan: Plan, label: str) -> Iterator[Unit]:
    part = plan.study.transactions
    if part is None:
        return
    digest = plan.drivers[label].digest
    model = digest_file(run / MODEL / "weights.safetensors") if part.data else ""
    for shard in range(-(-part.size // part.shard_accounts)):
        stream = address(*LEARNED_LIFE, shard) if part.data else address("agents", "life", shard)
        yield Unit(label, "account_shard", shard, stream, tags.LIFE, digest, model)
    patterns = read_table(table_file(run, "patterns", label))
    for row in patterns.select(["instance", "narrative", "decoy"]).to_pylist():
        source = tags.DECOY if row["decoy"] else tags.NARRATIVE
        stream = address("agents", "schemes", row["narrative"], "scheme", row["instance"])
        yield Unit(label, "scheme", row["instance"], stream, source, digest, name=row["narrative"])


def _loans(plan: Plan, label: str) -> Iterator[Unit]:
    part = plan.study.credit
    if part is None:
        return
    digest = plan.drivers[label].digest
    count = loan_count(part)
    for shard in range(-(-count // part.shard_loans)):
        first = shard * part.shard_loans
        last = min(first + part.shard_loans, count) - 1
        stream = address(
            "credit", "panel" if part.keep else "loans", *([] if part.keep else ["shard"]), shard
        )
        source = tags.REAL if part.keep else tags.BODY
        yield Unit(label, "loan_shard", shard, stream, source, digest, first_id=first, last_id=last)
