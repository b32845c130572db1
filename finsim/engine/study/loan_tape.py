"""The loan tape of a study: read once for each file and mapping, under the study's names."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from finsim.credit.book import scored_names
from finsim.credit.reference_parameters import PURPOSES
from finsim.credit.tape import Mapping, Tape, mapping_of, read_tape
from finsim.engine.study.after_outcome import settled
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.named_inputs import data_file
from finsim.errors import StudyError
from finsim.records.storage import canonical_json
from finsim.tables import load_schema

NOT_ASKED = ("rate", "income")
"""Columns with a role that no scorecard asks, though users may expect it; for traits see PROTECTED."""


def tape_of(part: CreditPart) -> Tape:
    """Return the tape of a study, typed and mapped.

    Raises DataError for what cannot be read, StudyError for a mapping that cannot be, or a target PD for
    loans that all have one of their own.
    """
    file = data_file(part.data)
    key = canonical_json(part.model_dump(mode="json"))
    return _read(key, _state(file), _state(data_file(part.schema_)) if part.schema_ else ())


def loan_count(part: CreditPart) -> int:
    """Return how many loans the book of a study has: those of the tape where they are kept."""
    return len(tape_of(part).frame) if part.keep else part.loans


def mapping_of_study(part: CreditPart) -> Mapping:
    """Return the mapping that a study declares, over that of its schema file."""
    stated = {"loan_class": part.loan_class, "sector": part.sector}
    return mapping_of(
        {name: item.declared() for name, item in part.columns.items()},
        load_schema(data_file(part.schema_)) if part.schema_ else None,
        {name: value for name, value in stated.items() if value is not None},
        part.ignore,
        part.read.dialect() if part.read else None,
    )


def describe_tape(part: CreditPart) -> tuple[dict[str, Any], list[str]]:
    """Return the mapping that will be used, as JSON-able data and as lines.

    ``rows_used`` counts the loans that a book is learned from: those with a known outcome where the tape
    states outcomes, all of them where they are kept.
    """
    tape = tape_of(part)
    known = tape.frame["bad"].notna().sum() if "bad" in tape.frame and not part.keep else len(tape.frame)
    columns = [fact.to_dict() for fact in tape.columns]
    data = {
        "rows_used": int(known), "columns": columns, "notes": list(tape.notes),
        "not_scored": _not_scored(tape), "without_class": _without_class(tape),
    }  # fmt: skip
    lines = [f"tape       {part.data}: {len(tape.frame):,} loans"]
    lines += [f"  {fact.line()}" for fact in tape.columns]
    lines += [f"note       {note}" for note in tape.notes]
    if part.keep:
        lines.append("note       keep: these very loans are followed, `loans` is not used")
    return data, lines


def _not_scored(tape: Tape) -> list[str]:
    """Return the headers of borrower and loan that the scorecard of the tape's outcomes does not ask."""
    if "bad" not in tape.frame or ("pd" in tape.frame and not tape.frame["pd"].isna().any()):
        return []
    asked = scored_names(tape.frame)
    return [
        fact.header for fact in tape.columns
        if fact.name in tape.frame and fact.name in NOT_ASKED and fact.name not in asked
    ]  # fmt: skip


def _without_class(tape: Tape) -> list[str]:
    """Return the purposes whose loans have the usual class, as neither tape, study nor model says one."""
    stated = {fact.name for fact in tape.columns}
    if "purpose" not in stated or "loan_class" in stated:
        return []
    return sorted(set(tape.frame["purpose"].astype(str)) - set(PURPOSES))


@lru_cache(maxsize=2)
def _read(key: str, *state: tuple[int, ...]) -> Tape:
    part = CreditPart.model_validate_json(key)
    tape = read_tape(data_file(part.data), mapping_of_study(part), keep=part.keep)
    if part.target_pd is not None and "pd" in tape.frame and not tape.frame["pd"].isna().any():
        raise StudyError(
            "the tape states the PD of every loan, so a target has no effect",
            place="credit.target_pd",
            remedy="remove it, or leave the column out with `ignore:`",
        )
    stated = {fact.name for fact in tape.columns if fact.header in _declared(part)}
    found = settled(tape, stated | {*part.columns}, keep=part.keep)
    return replace(found, notes=(*found.notes, *_rate_said(part, tape)))


def _rate_said(part: CreditPart, tape: Tape) -> list[str]:
    """Return in words what the observed default rate is, where a study asks for it."""
    if part.target_pd != "as_observed" or "bad" not in tape.frame:
        return []
    if tape.observed is not None:
        return [tape.observed.said()]
    share = float(tape.frame["bad"].mean())
    return [
        f"target_pd as_observed: {share:.2%} of the loans defaulted, taken for 12 months as no column says "
        "how long they were followed; map `opened` or `months_on_book`, or state a number"
    ]


def _declared(part: CreditPart) -> set[str]:
    """Return the headers that the study itself, not its schema file, says how to read."""
    return {item.declared().field.source or name for name, item in part.columns.items()}


def _state(file: Path) -> tuple[int, ...]:
    """Return what changes when a file does; nothing when it is not there (reading it says so)."""
    if not file.is_file():
        return ()
    facts = file.stat()
    return (facts.st_mtime_ns, facts.st_size)
