"""A table generator as the joint law of a loan book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.study.credit_part import LoanGenerator
from finsim.errors import StudyError
from finsim.generators import TABLE_GENERATORS
from finsim.generators.generator import Budget
from finsim.generators.settings_parsing import read_settings
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.table_generator import TableGenerator, with_label
from finsim.notation import Array
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, WORD, MixedTable
from finsim.tables.learning.mixed_columns import TRUE, mixed_table

GROUP, OUTCOME = "group", "bad"


@dataclass(frozen=True)
class LearnedLoans:
    """Applications learned by a table generator: the law of ``finsim.credit.loan_law``."""

    generator: TableGenerator
    reduction: Reduction
    columns: MixedTable
    groups: tuple[str, ...]
    whole: frozenset[str]

    def rows(self, count: int, rng: np.random.Generator) -> dict[str, Array]:
        """Return ``count`` rows: column -> array [count], NaN where missing; ``group`` as codes."""
        streams = Streams(int(rng.integers(2**62)))
        made = self.generator.sample(count, streams.under("rows"))
        table = self.reduction.restore(made, streams.under("restored"))
        found = {name: self._cells(table, name) for name in self.columns.columns if name != GROUP}
        names = table[GROUP].words
        place = {word: code for code, word in enumerate(self.groups)}
        codes = np.array([place.get(word, 0) for word in names] + [0])
        return {GROUP: codes[table[GROUP].values], **found}

    def _cells(self, table: MixedTable, name: str) -> Array:
        column = table[name]
        if column.kind != WORD:
            values = column.values.astype(np.float64)
            present = not np.isnan(values).any()
            return np.rint(values).astype(np.int64) if name in self.whole and present else values
        words = np.array([*column.words, "missing"])
        found: Array = words[column.values]
        return found == TRUE if name == OUTCOME else found

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a column of words, sorted, with what rare and missing ones become."""
        return tuple(sorted({*self.columns[name].words, *self.reduction.words(name), "missing"}))

    def greatest(self, name: str) -> float:
        """Return the greatest number of a column, 0 where there is none."""
        if name not in self.columns or self.columns[name].kind != NUMBER:
            return 0.0
        values = self.columns[name].values
        return float(np.nanmax(values)) if (~np.isnan(values)).any() else 0.0


def learn_loans(joint: pd.DataFrame, choice: LoanGenerator, streams: Streams) -> LearnedLoans:
    """Return the law of applications that a table generator learned.

    Raises StudyError for settings that cannot be, FitError for a frame that cannot be learned.
    """
    kind = TABLE_GENERATORS.load(choice.name, "credit.generator.name")
    settings = read_settings(kind, choice.settings, "credit.generator.settings", StudyError)
    whole = mixed_table(pa.Table.from_pandas(joint, preserve_index=False))
    inner, reduction = reduce(whole, streams.under("reduction"), outcome=OUTCOME)
    settings = with_label(settings, OUTCOME if OUTCOME in inner else None)
    kind.refuse(inner, settings)
    budget = Budget(choice.steps) if choice.steps is not None else Budget()
    generator: TableGenerator = kind.fit(inner, settings, streams.under("law"), budget, _quiet)
    counted = frozenset(name for name, column in whole.columns.items() if column.step == 1.0)
    return LearnedLoans(generator, reduction, whole, whole[GROUP].words, counted)


def _quiet(done: float, text: str) -> None:
    """Show no progress."""
