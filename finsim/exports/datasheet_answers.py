"""Answers of a datasheet that a run's manifest, scorecard and tables give."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from finsim.exports.markdown_text import bullets, table
from finsim.exports.privacy_attacks import NOT_ATTACKED, attacks
from finsim.exports.run_facts import RunFacts, TableFile, name_of
from finsim.exports.table_columns import columns_of
from finsim.records.columns import LABEL
from finsim.records.display.markdown_line import markdown_line


def _purpose(facts: RunFacts) -> str:
    return f"{markdown_line(facts.title)}. Meant to:\n\n{_meant_for(facts)}"


def _records(facts: RunFacts) -> str:
    return bullets(dict.fromkeys(f"`{one.name}`: {one.row}" for one in facts.tables))


def _counts(facts: RunFacts) -> str:
    return table(("table", "scenario", "rows"), ([one.name, one.scenario, one.rows] for one in facts.tables))


def _sample(facts: RunFacts) -> str:
    real = facts.manifest["statement"]["real_records"]
    kept = f" Real records, as given, stand in: {', '.join(real)}." if real else ""
    seed = facts.manifest["seeds"]["root"]
    return f"Simulated with seed {seed}; another seed gives another set of the same kind.{kept}"


def _columns(facts: RunFacts) -> str:
    parts = []
    for one in _first(facts):
        rows = [[c.name, str(c.type), c.text, c.role] for c in columns_of(facts.path / one.path)]
        parts.append(f"`{one.name}`\n\n{table(('column', 'type', 'meaning', 'role'), rows)}")
    return "\n\n".join(parts)


def _labels(facts: RunFacts) -> str:
    found = [
        f"`{one.name}.{column.name}`: {column.text or column.name}"
        for one in _first(facts)
        for column in columns_of(facts.path / one.path)
        if column.role == LABEL
    ]
    return bullets(found) if found else "No column is marked as a label."


def _missing(facts: RunFacts) -> str:
    rows = [
        [one.name, one.scenario, column.name, column.nulls]
        for one in facts.tables
        for column in columns_of(facts.path / one.path)
        if column.nulls
    ]
    return table(("table", "scenario", "column", "empty cells"), rows) if rows else "No cell is empty."


def _relations(facts: RunFacts) -> str:
    return "By keys, named as such in the table of columns above; `lineage/` names the unit that made a row."


def _splits(facts: RunFacts) -> str:
    return f"One split for each scenario: {', '.join(facts.scenarios)}."


def _errors(facts: RunFacts) -> str:
    rows = [
        [place, sum(one.get("violations", 0) for one in rules), sum(one.get("after", 0) for one in rules)]
        for place, told in facts.manifest["rules"].items()
        if (rules := list(told.get("rules", {}).values()))
    ]
    return table(("table", "rules broken before repair", "after"), rows) if rows else "No rules were applied."


def _outside(facts: RunFacts) -> str:
    return "No. The tables are whole; making them again needs the inputs named under Collection."


def _persons(facts: RunFacts) -> str:
    real = facts.manifest["statement"]["real_records"]
    kept = f"Real records, as given, stand in: {', '.join(real)}." if real else "Rows are simulated."
    tried = [
        f"{head}: {told}" if isinstance(told, str) else f"{head}: {len(told)} results in the model card"
        for head, told in attacks(facts).items()
    ]
    share = facts.verdicts.get("share", {}).get("verdict", "not computed")
    said = f"{kept} Verdict of the scorecard on sharing: {share}. What was {NOT_ATTACKED} proves nothing."
    return f"{said}\n\n{bullets(tried)}"


def _obtained(facts: RunFacts) -> str:
    lines = []
    for world in facts.worlds:
        sources = ", ".join(f"{name_of(item)} (sha256 {item['sha256'][:12]})" for item in facts.inputs(world))
        lines.append(f"{world}: learned from {sources}" if sources else f"{world}: simulated, no input data")
    return bullets(lines)


def _programs(facts: RunFacts) -> str:
    versions = facts.manifest["environment"]["versions"]
    used = ", ".join(f"{name} {version}" for name, version in versions.items() if version != "not installed")
    platform = facts.manifest["environment"]["platform"]
    return f"{used}; on {platform['system']} {platform['machine']}."


def _changed(facts: RunFacts) -> str:
    repaired = sum(
        rule.get("repaired", 0)
        for told in facts.manifest["rules"].values()
        for rule in told.get("rules", {}).values()
    )
    return f"Rules repaired {repaired:,} values; `lineage/repairs.parquet` lists each with its value before."


def _raw(facts: RunFacts) -> str:
    names = [f"{item['role']}: {name_of(item)}, sha256 {item['sha256']}" for item in facts.inputs()]
    told = "No input data." if not names else "The inputs are not part of the run; their digests are:\n\n"
    return told + (bullets(names) if names else "")


def _used(facts: RunFacts) -> str:
    rows = [[use, told["verdict"]] for use, told in facts.verdicts.items()]
    return "Judged for these uses:\n\n" + table(("use", "verdict"), rows) if rows else "Nothing was judged."


def _meant_for(facts: RunFacts) -> str:
    return bullets(facts.manifest["statement"]["intended_use"])


def _limits(facts: RunFacts) -> str:
    return bullets(facts.manifest["statement"]["known_limits"])


def _not_for(facts: RunFacts) -> str:
    return bullets(facts.manifest["statement"]["prohibited_use"])


def _terms(facts: RunFacts) -> str:
    return "finsim grants no licence of its own on these tables: those of the inputs apply."


def _third(facts: RunFacts) -> str:
    return bullets(f"{name_of(item)}: {item['licence'] or 'terms not stated'}" for item in facts.inputs())


def _again(facts: RunFacts) -> str:
    seed = facts.manifest["seeds"]["root"]
    return (
        f"The study with seed {seed} makes the same tables again; the manifest says under which conditions."
    )


def _first(facts: RunFacts) -> list[TableFile]:
    """Return each table once, under the first scenario."""
    return list({one.name: one for one in reversed(facts.tables)}.values())[::-1]


ANSWERS: Mapping[str, Callable[[RunFacts], str]] = {
    "For what purpose was the dataset made?": _purpose,
    "What do the records represent?": _records,
    "How many records are there of each kind?": _counts,
    "Is it everything, or a sample of a larger set?": _sample,
    "What does each record consist of?": _columns,
    "Is there a label?": _labels,
    "Is anything missing from single records?": _missing,
    "Are relations between records made explicit?": _relations,
    "Are there recommended splits?": _splits,
    "Are there errors, noise or redundancies?": _errors,
    "Does it depend on anything outside?": _outside,
    "Can a person be found in it?": _persons,
    "How was the data of each record obtained?": _obtained,
    "By which machines or programs?": _programs,
    "What was cleaned or changed?": _changed,
    "Are the raw data kept as well?": _raw,
    "Is the software for it at hand?": lambda facts: f"finsim {facts.version}, Apache-2.0.",
    "What has it been used for?": _used,
    "What could it be used for?": _meant_for,
    "What in its making may bear on later use?": lambda facts: bullets(
        facts.manifest["statement"]["known_limits"]
    ),
    "What should it not be used for?": _not_for,
    "Under which licence or terms?": _terms,
    "Do third parties restrict the data it was made from?": _third,
    "Are older versions kept?": _again,
}
"""Question -> the function that answers it from a run; all other questions are for a person."""
