"""Columns of a tape that a new loan cannot have: known only after its outcome, or dates of the old loan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from finsim.credit.book import feature_names
from finsim.credit.tape import ROLES, Tape
from finsim.credit.tape.observed_losses import are_observed, is_asked, observed_losses
from finsim.generators.tables.reduction.words_of_empty import decided
from finsim.notation import Bool1D, Float1D

LEAST_DEFAULTS, MOST_ROWS = 10, 20_000
"""Fewer defaults show nothing; of a longer tape so many rows are looked at, evenly (assumptions)."""
LATER = 0.99
"""A date lies after the loan's opening in 99 % of its cells (assumption)."""
_ROLES_TO_JUDGE = ("tape_grade",)
REMEDY = "the study's own `columns:` keeps one"


@dataclass(frozen=True)
class Unknown:
    """Columns of a tape that are not known when a loan is made, each with why."""

    after: dict[str, str]
    dates: dict[str, str]


def settled(tape: Tape, declared: Collection[str], *, keep: bool = False) -> Tape:
    """Return the tape without what new loans cannot have, told in its notes; ``declared`` names stay.

    With ``keep`` the loans keep all of their columns, and only the scorecard goes without (``unscored``).
    """
    found = unknown(tape.frame)
    told = [name for name in found.after if name in declared]
    after = {name: why for name, why in found.after.items() if name not in declared}
    later = {name: why for name, why in found.dates.items() if name not in (*declared, *after) and not keep}
    gone, notes = {**after, **later}, list(tape.notes)
    if gone:
        notes.append(f"{'not in the scorecard' if keep else 'not learned'}: {_listed(tape, gone)}; {REMEDY}")
    if told:
        notes.append(
            f"in the scorecard, as declared: {_listed(tape, {one: found.after[one] for one in told})}"
        )
    if keep:
        return with_losses(
            replace(tape, notes=tuple(notes), unscored=tuple(after)), (*after, *later), keep=True
        )
    facts = tuple(
        replace(fact, name="", taken=f"not used: {gone[fact.name]}") if fact.name in gone else fact
        for fact in tape.columns
    )
    told_of = replace(tape, frame=tape.frame.drop(columns=list(gone)), columns=facts, notes=tuple(notes))
    return with_losses(told_of, ())


def with_losses(tape: Tape, after: Collection[str], *, keep: bool = False) -> Tape:
    """Return the tape with the mean observed loss as the LGD of its loans, told in its notes.

    A tape whose LGD is a stated one, of loans without default too, is returned as it is. ``after`` are
    columns that no new loan has. With ``keep`` a loan with a loss of its own keeps that.
    """
    frame = tape.frame
    if not are_observed(frame):
        return tape
    header = next((fact.header for fact in tape.columns if fact.name == "lgd"), "lgd")
    words = [
        one for one in (*feature_names(frame), "loan_class", "purpose") if one in frame and one not in after
    ]
    found = observed_losses(frame, [one for one in words if is_asked(frame[one])])
    if found is None:
        said = f"{header}: too few losses of defaulted loans to learn an LGD from; that of the class is used"
        return replace(tape, frame=frame.drop(columns="lgd"), notes=(*tape.notes, said))
    lgd = np.where(frame["lgd"].notna(), frame["lgd"], found.lgd) if keep else found.lgd
    said = f"LGD from {header}: {found.said}"
    return replace(tape, frame=frame.assign(lgd=lgd), notes=(*tape.notes, said))


def _listed(tape: Tape, reasons: Mapping[str, str]) -> str:
    headers = {fact.name: fact.header for fact in tape.columns}
    return ", ".join(f"{headers.get(name, name)} ({why})" for name, why in reasons.items())


def unknown(frame: pd.DataFrame) -> Unknown:
    """Return the features of a tape that say its outcome, and the dates that lie after ``opened``."""
    features = [one for one in feature_names(frame) if one not in ROLES or one in _ROLES_TO_JUDGE]
    return Unknown(dict(_after(frame, features)), dict(_later(frame, features)))


def _after(frame: pd.DataFrame, features: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the features that are there for one outcome alone, or tell it by themselves, and why."""
    # Not at the top: a study that only plans markets must not load the evaluation.
    from finsim.evaluation.real_data.given_away import given_away

    if "bad" not in frame:
        return
    known = frame[frame["bad"].notna()]
    known = known.iloc[:: max(1, len(known) // MOST_ROWS)]
    bad = known["bad"].to_numpy(dtype=np.bool_)
    if min(bad.sum(), (~bad).sum()) < LEAST_DEFAULTS:
        return
    cells = {name: _numbers(known[name]) for name in features}
    one_sided = {}
    for name, column in cells.items():
        lacks = np.isnan(column)
        if lacks.any() and not lacks.all():
            empty = decided(bad.astype(np.int64), 2, lacks).empty
            if empty.any():
                one_sided[name] = "defaulted" if empty[0] else "did not default"
    yield from ((name, f"filled only for loans that {who}") for name, who in one_sided.items())
    rest = [name for name in features if name not in one_sided]
    if rest:
        matrix = np.stack([cells[name] for name in rest], axis=1)
        for name, area in given_away(matrix, bad, np.arange(len(bad)), rest).items():
            yield name, f"tells the outcome by itself (AUC {area:.3f})"


def _numbers(column: pd.Series) -> Float1D:
    """Return a column as numbers: days of dates, codes of words, NaN where a cell is missing."""
    if column.dtype.kind in "if":
        return column.to_numpy(dtype=np.float64)
    if column.dtype.kind == "M":
        return np.asarray((column - pd.Timestamp(0)) / pd.Timedelta(days=1), dtype=np.float64)
    codes = pd.factorize(column.where(column.notna() & (column != "missing"), None))[0]
    return np.where(codes < 0, np.nan, codes).astype(np.float64)


def _later(frame: pd.DataFrame, features: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the dates that lie after ``opened``, which a new loan gets anew, and why."""
    if "opened" not in frame or frame["opened"].dtype.kind != "M":
        return
    for name in features:
        if frame[name].dtype.kind == "M":
            both: Bool1D = (frame["opened"].notna() & frame[name].notna()).to_numpy()
            if both.any() and (frame[name] > frame["opened"])[both].mean() >= LATER:
                yield name, "a date after `opened`, which is drawn anew"
