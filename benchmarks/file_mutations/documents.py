"""Studies, scenarios, narratives, rule packs and schemas: shipped files changed, and their use."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from file_mutants import shipped
from file_mutations.changes import changed_yaml
from file_mutations.watch import Wrong

import finsim
from finsim import scenarios
from finsim.records.calendar import Clock

CLOCK = Clock(date(2025, 12, 31), 252, 1, 12)
MARKET = {"data": "wiki_aapl_ibm_2000_2013", "generator": {"name": "bootstrap"}, "paths": 2, "sessions": 40}
PAYMENTS = {"accounts": 200, "days": 5, "narratives": [{"name": "account_takeover", "count": 1}]}
CREDIT = {"data": "tape.csv", "loans": 100, "months": 6, "draws": 5000}
HEAD = {"finsim": "study/1", "id": "micro", "seed": 7, "start": "2025-12-31"}
TAIL = {"scenarios": ["base"], "evaluation": {"enabled": False}}
MICRO: dict[str, dict[str, Any]] = {
    "micro": {**HEAD, "market": MARKET, "transactions": PAYMENTS, "credit": CREDIT, **TAIL},
    "market": {**HEAD, "market": MARKET, **TAIL},
    "payments": {**HEAD, "transactions": PAYMENTS, **TAIL},
    "credit": {**HEAD, "credit": CREDIT, **TAIL},
}
"""Studies that run in about a second: a share of what `plan` accepts of their mutants is run."""


class Documents:
    """Mutants of one kind of YAML file, each written into a folder and put to its use."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        found = {name: data for one, name, data in shipped() if one == kind}
        if kind == "study":
            self._tape()
            for study in found.values():
                if "credit" in study:
                    study["credit"]["data"] = "tape.csv"
            found |= MICRO
        if kind == "rules":
            for table in (Path(finsim.__file__).parents[1] / "constraints").glob("*.csv"):
                (folder / table.name).write_bytes(table.read_bytes())
        self.texts = {
            name: yaml.safe_dump(data, sort_keys=False, allow_unicode=True) for name, data in found.items()
        }

    def _tape(self) -> None:
        """Write a tape of 250 loans, so that learning it costs little."""
        import gzip

        lines = gzip.decompress(Path(finsim.example_data("german_credit")).read_bytes()).splitlines(
            keepends=True
        )
        (self.folder / "tape.csv").write_bytes(b"".join(lines[:251]))

    def write(self, rng: random.Random) -> Path:
        """Write one mutant and return its path."""
        name = rng.choice(sorted(self.texts))
        path = self.folder / f"{name}.yaml"  # a scenario and a narrative are called as their file
        path.write_bytes(changed_yaml(self.texts[name], sorted(self.texts.values()), rng))
        return path

    def use(self, path: Path, rng: random.Random) -> None:
        """Load a file and do its work; raises what finsim raises, and Wrong."""
        getattr(self, f"_{self.kind}")(path, rng)

    def _study(self, path: Path, rng: random.Random) -> None:
        plan = finsim.plan(path).to_dict()
        if path.stem in MICRO and rng.random() < 0.04 and _is_small(path):
            run = finsim.run(path, output=path.parent / "run", progress=False)
            _agree(plan, run)

    def _scenario(self, path: Path, rng: random.Random) -> None:
        loaded = scenarios.load(str(path))
        for value in scenarios.measure(scenarios.drivers(loaded, CLOCK)).values():
            _finite(value)
        if rng.random() < 0.1:
            finsim.simulate(
                accounts=200, days=10, scenario=path, schemes={"account_takeover": 1}, progress=False
            )
        if rng.random() < 0.01:
            study = finsim.study(market=MARKET, transactions=PAYMENTS, evaluation={"enabled": False})
            finsim.stress(study, path, output=path.parent / "run", progress=False)

    def _narrative(self, path: Path, rng: random.Random) -> None:
        story = finsim.Narrative.load(str(path))
        world = finsim.simulate(
            accounts=300, days=20, schemes={str(path): 2}, seed=rng.randrange(9), progress=False
        )
        _as_told(story, world)
        if rng.random() < 0.01:
            finsim.narrative_check(path, accounts=400)

    def _rules(self, path: Path, rng: random.Random) -> None:
        finsim.RuleSet.load(str(path))

    def _schema(self, path: Path, rng: random.Random) -> None:
        schema = finsim.load_schema(str(path))
        table = self.folder / "table.csv"
        table.write_text(_table(schema, rng), encoding="utf-8")
        shown = finsim.plan(table, schema=path)
        if not shown.ok:
            shown.to_text()


def _is_small(path: Path) -> bool:
    """Tell whether a study is small enough to be run here."""
    study = finsim.load_study(str(path))
    sizes = [study.market and study.market.paths * study.market.sessions / 1e4,
             study.transactions and study.transactions.accounts * study.transactions.days / 1e4,
             study.credit and study.credit.loans * study.credit.months / 1e4]  # fmt: skip
    return all(not size or size <= 1.0 for size in sizes) and len(study.scenarios) <= 2


def _agree(plan: dict[str, Any], run: Any) -> None:
    """Raise Wrong where a run holds other scenarios than its plan says."""
    if not finsim.verify(run).ok:
        raise Wrong(f"a run that does not verify: {finsim.verify(run).problems[:2]}")


def _finite(value: Any) -> None:
    if isinstance(value, float) and value != value:
        raise Wrong("a measure that is no number")


def _as_told(story: Any, world: Any) -> None:
    """Raise Wrong where schemes are missing without a remark, or tables and counts disagree.

    A phase of pairs with a fixed count that always happens has planned at least that many payments a scheme.
    """
    made = world.patterns.num_rows
    if made != 2 and not world.remarks:
        raise Wrong(f"{made} of 2 schemes and no remark")
    for one in world.phases:
        if (
            one.planned != one.posted + one.declined + one.dropped
            or min(one.posted, one.declined, one.dropped) < 0
        ):
            raise Wrong(f"counts of a phase: {one}")
    marked = pc.is_in(world.rows["narrative"], pa.array([story.id])).to_pylist().count(True)
    if marked != sum(world.patterns["rows"].to_pylist()):
        raise Wrong(f"{marked} rows of the story, {world.patterns['rows'].to_pylist()} in its schemes")
    if world.rows.num_rows and pc.min(world.rows["amount"]).as_py() <= 0:
        raise Wrong("a payment of nothing")
    if len(story.phases) == 1 and not world.phases and not world.remarks:
        raise Wrong("a story that plans nothing, and no remark")


def _cell(kind: str, rng: random.Random) -> str:
    values = {
        "int": "7", "float": "1.5", "ratio": "0.25", "money": "12.50", "date": "2026-02-03", "bool": "true",
        "ts": "2026-02-03T10:00:00", "dur": "3d", "cat": "red", "id": "A1",
    }  # fmt: skip
    odd = [
        "",
        "nan",
        "inf",
        "-1",
        "1e999",
        "31/12/2026",
        "é",
        "x" * 300,
        "0",
        "2026-02-30",
        "12,5",
        "N/A",
        "9" * 40,
    ]
    return rng.choice(odd) if rng.random() < 0.05 else values.get(kind, "x")


def _table(schema: Any, rng: random.Random) -> str:
    """Return a small table with the headers that a schema asks for, and some odd cells."""
    fields = [(field.source or name, field.type) for name, field in schema.fields.items()]
    heads = [head for head, _ in fields if rng.random() < 0.97]
    lines = [",".join(f'"{head}"' for head in heads)]
    lines += [",".join(_cell(kind, rng) for _, kind in fields[: len(heads)]) for _ in range(20)]
    return "\n".join(lines) + "\n"
