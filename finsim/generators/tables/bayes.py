"""A Bayesian network over the levels of columns, its conditional laws grown as trees."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem, did_you_mean
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.tables.boosting.label_law import MOST_CLASSES, LabelLaw
from finsim.generators.tables.boosting.learnable_outcome import learnable_sharpness
from finsim.generators.tables.boosting.level_booster import Boosting
from finsim.generators.tables.boosting.outcome_followers import OutcomeFollowers
from finsim.generators.tables.boosting.outcome_tilt import OutcomeTilt
from finsim.generators.tables.boosting.refined_rows import RefinedRows
from finsim.generators.tables.boosting.row_ratio import RowRatio
from finsim.generators.tables.boosting.utility_critic import criticized
from finsim.generators.tables.column_facts import (
    ColumnFacts,
    check_columns,
    check_given,
    check_table,
)
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.even_uniforms import EvenUniforms
from finsim.generators.tables.level_network import LevelNetwork
from finsim.generators.tables.level_order import (
    column_order,
    grouped,
    information,
    ordered_levels,
)
from finsim.generators.tables.level_trees import Growth, LevelTree, TreeGrower
from finsim.generators.tables.row_batches import in_batches
from finsim.generators.tables.table_generator import Cell
from finsim.notation import Array, Bool1D, Float1D
from finsim.randomness import Streams
from finsim.records.mixed_table import WORD, MixedTable

LEAST_ROWS = 20
MOST_CRITIC, LEAST_CRITIC = 0.5, 100
MANY_ROWS = 3_000
"""From 3,000 rows on the mean of several trees tells more than one (assumption, four loan tables)."""
FITTED_ROWS = 20_000
"""Rows drawn to fit the rates of an outcome to what is drawn of the other columns (assumption)."""
ASKING_ROWS, ASKING, LEANING = 1_000, 0.7, 2.4
"""From 1,000 rows on a split costs .7 of its penalty, and a leaf leans 2.4 times as much on the node above:
nearer to unseen rows. Fewer rows would be learned too well (assumptions, loan tables)."""


class Bayes:
    """Columns in an order; each given those before it by trees over their levels.

    Numbers are cut into levels of about equal mass with often-met values apart; inside a level a number is
    drawn from the margin of the column. A missing cell is a level. Given cells: rows are drawn in the
    order, weighted by the law of the given cells and drawn anew (sequential importance resampling,
    ``particles`` a row); exact for columns that stand ``first``. Sources: Friedman & Goldszmidt 1996 (local
    structure); Chow & Liu 1968 (order); Gordon, Salmond & Smith 1993 (given cells).
    """

    name: ClassVar[str] = "bayes"

    @dataclass(frozen=True)
    class Settings:
        """bins : most levels of equal mass of a number; fewer in small tables.

        least : fewest rows in a leaf. penalty : weight of the BIC penalty of a split, .7 of it from 1,000
        rows on. smoothing : rows a level that the law of the parent node counts in a leaf, 2.4 times as many
        from 1,000 rows on. trees : of each column, from 3,000 rows on.
        first : columns that stand first in the order. label : the outcome: it stands first, and is drawn anew
        by a law of its own; columns whose empty cells it decides stand last. sharpness : of that law, 1 as
        learned. learnable : with sharpness 1 and fewer than 10,000 rows, as sharp as makes drawn rows teach
        the outcome as well as real ones do. rating : a column of grades that others say, such as a rate; rows
        are weighted so that it follows the rest, unless the outcome is said itself. refining : most trees
        that tell real rows from drawn ones, by which drawn rows are kept; 0 for none.
        critic : share of the rows that is kept back for a target model that chooses the sharpness and tells
        what it gained. particles : rows drawn for each row that is kept when cells are given. even : rows
        stand evenly in the law, so that a sample is as near to it as it can be; false: they are drawn
        independently, for studies of how much a number of loans varies by chance. batch : rows drawn
        together; part of the bytes. All sizes are assumptions, chosen on four loan tables.
        """

        bins: int = 48
        least: int = 10
        penalty: float = 0.5
        smoothing: float = 0.5
        trees: int = 1
        first: tuple[str, ...] = ()
        label: str = ""
        sharpness: float = 1.0
        learnable: bool = True
        rating: str = ""
        refining: int = 100
        critic: float = 0.0
        particles: int = 4
        even: bool = True
        batch: int = 8_192

    def __init__(
        self,
        settings: Settings,
        columns: Mapping[str, ColumnLevels],
        law: RefinedRows,
        report: FitReport,
    ) -> None:
        """Hold the levels of every column and the law over them."""
        self.settings, self.columns, self.law, self.report = settings, dict(columns), law, report

    @classmethod
    def refuse(cls, data: MixedTable, settings: Settings) -> None:
        """Raise FitError for a table that is too small and settings out of range, all at once."""
        check_table(data, LEAST_ROWS)
        least = {
            "bins": 2,
            "least": 1,
            "penalty": 0.0,
            "smoothing": 0.0,
            "trees": 1,
            "sharpness": 0.0,
            "refining": 0,
            "critic": 0.0,
            "particles": 1,
            "batch": 1,
        }
        problems = [
            Problem(f"settings.{key}", f"{key} is {getattr(settings, key)}", f"at least {low}")
            for key, low in least.items()
            if not getattr(settings, key) >= low
        ]
        problems += [
            Problem(
                "settings.first", f"there is no column {name!r}", "", did_you_mean(name, list(data.columns))
            )
            for name in (*settings.first, *(one for one in (settings.label, settings.rating) if one))
            if name not in data
        ]
        if settings.label in data and len(np.unique(data[settings.label].values)) > MOST_CLASSES:
            problems.append(
                Problem("settings.label", f"{settings.label} has too many classes", f"at most {MOST_CLASSES}")
            )
        if settings.critic and not settings.label:
            problems.append(
                Problem("settings.critic", "there is no outcome", "a label", "write label: COLUMN")
            )
        if settings.critic > MOST_CRITIC or 0 < settings.critic * data.rows < LEAST_CRITIC:
            problems.append(
                Problem(
                    "settings.critic",
                    f"critic is {settings.critic:g} of {data.rows:,} rows",
                    f"at most {MOST_CRITIC:g}, and {LEAST_CRITIC} rows",
                )
            )
        if problems:
            raise FitError.of(problems)

    @classmethod
    def fit(
        cls, data: MixedTable, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Cut the columns into levels, order them and grow the trees of each."""
        cls.refuse(data, settings)
        started = time.process_time()
        if settings.critic:
            return cls._with_critic(data, settings, streams, budget, progress)
        bins = int(np.clip(np.sqrt(data.rows) / 2, 4, settings.bins))
        columns = {name: ColumnLevels.fit(column, bins, smooth=True) for name, column in data.columns.items()}
        columns, levels = ordered_levels(data, columns)
        counts = [one.count for one in columns.values()]
        groups, sizes = grouped(levels, counts)
        names = list(columns)
        ahead = dict.fromkeys((*settings.first, *((settings.label,) if settings.label else ())))
        first = [names.index(name) for name in ahead]
        followers = OutcomeFollowers()
        if settings.label:
            followers = OutcomeFollowers.find(levels, names.index(settings.label), tuple(first))
        order = followers.last(column_order(information(groups, sizes), first))
        grower = TreeGrower(levels, counts, _growth(settings, data.rows))
        groves: list[list[LevelTree]] = []
        for index, column in enumerate(order):
            groves.append(grower.grove(column, order[:index], streams))
            progress((index + 1) / (len(order) + 1), f"{index + 1} of {len(order)} columns")
        plain = RefinedRows(LevelNetwork.of(order, groves), followers=followers)
        is_word = np.array([one.facts.kind == WORD for one in columns.values()])
        law = _refined(plain, levels, (names, is_word), settings, streams)
        return cls(settings, columns, law, FitReport(cpu_seconds=time.process_time() - started))

    @classmethod
    def _with_critic(
        cls, data: MixedTable, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Learn from a part of the rows, let the critic choose on another, then learn from all rows."""
        started = time.process_time()
        order = streams.at("critic", "rows").permutation(data.rows)
        held = int(settings.critic * data.rows)
        plain = replace(settings, critic=0.0, sharpness=1.0, learnable=False)
        some = cls.fit(data.take(np.sort(order[held:])), plain, streams.under("part"), budget, progress)
        parts = [data.take(np.sort(one)) for one in (order[: held // 2], order[held // 2 : held])]
        levels = [
            np.stack([one.levels(part[name]) for name, one in some.columns.items()], axis=1) for part in parts
        ]
        found = criticized(some.law, data.rows - held, levels[0], levels[1], streams.under("critic"))
        whole = cls.fit(data, replace(plain, sharpness=found["sharpness"]), streams, budget, progress)
        report = FitReport(
            cpu_seconds=time.process_time() - started, utility={**found, "label": settings.label}
        )
        return cls(replace(settings, sharpness=found["sharpness"]), whole.columns, whole.law, report)

    def sample(
        self, count: int, streams: Streams, first: int = 0, given: Mapping[str, Cell] | None = None
    ) -> MixedTable:
        """Return new rows; see the contract."""
        facts = {name: one.facts for name, one in self.columns.items()}
        cells = check_given(given, facts)
        batch = self.settings.batch
        fixed = {name: facts[name].column(cell, 1) for name, cell in cells.items()}
        names = list(self.columns)
        known = {names.index(name): int(self.columns[name].levels(one)[0]) for name, one in fixed.items()}

        def make(number: int) -> MixedTable:
            rng = streams.at("rows", number)
            levels = self.law.compact(batch, known, self.settings.particles, rng, self.settings.even)
            found = {
                name: one.cells(levels[:, index], *self._inside(one, levels[:, index], rng))
                for index, (name, one) in enumerate(self.columns.items())
            }
            found |= {name: facts[name].column(cell, batch) for name, cell in cells.items()}
            return MixedTable(found, batch)

        return in_batches(count, first, batch, make)

    def _inside(
        self, column: ColumnLevels, levels: Array, rng: np.random.Generator
    ) -> tuple[Float1D, Float1D]:
        """Return the places of rows inside their levels, and the draws of their rounding.

        Draws that no cell reads are drawn all the same, so that others stay, but need not be even.
        """
        draws = []
        for is_read in column.reads:
            even = self.settings.even and is_read
            draws.append(EvenUniforms(column.count, rng, even).of(levels))
        return draws[0], draws[1]

    def row_losses(self, rows: MixedTable, streams: Streams) -> Float1D:
        """Return the negative log likelihood of every row, float64[N] in nats; see the contract."""
        check_columns(rows, {name: one.facts for name, one in self.columns.items()})
        losses = np.zeros(rows.rows)
        levels = np.empty((rows.rows, len(self.columns)), np.int32)
        for index, (name, one) in enumerate(self.columns.items()):
            levels[:, index] = one.levels(rows[name])
            losses -= one.log_density(rows[name], levels[:, index].astype(np.int64))
        return np.asarray(losses - self.law.log_chances(levels))

    def state(self) -> State:
        """Return levels, trees, order and settings."""
        arrays: dict[str, Array] = dict(self.law.state())
        columns = []
        for index, (name, one) in enumerate(self.columns.items()):
            arrays |= one.state(f"column.{index}")
            columns.append({"name": name, **one.facts.to_dict()})
        return State(arrays, {"settings": write_settings(self.settings), "columns": columns})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a network; raises FitError when trees and columns do not fit together."""
        columns = {
            str(data["name"]): ColumnLevels.from_state(
                f"column.{index}", ColumnFacts.from_dict(data), state.arrays
            )
            for index, data in enumerate(state.facts["columns"])
        }
        law = RefinedRows.from_state(state.arrays)
        if sorted(law.network.order) != list(range(len(columns))):
            raise FitError("the trees and the columns do not agree", place="bayes")
        return cls(read_settings(cls, state.facts["settings"]), columns, law, FitReport())


def _growth(settings: Bayes.Settings, rows: int) -> Growth:
    """Return how trees grow on so many rows."""
    asking, leaning = (ASKING, LEANING) if rows >= ASKING_ROWS else (1.0, 1.0)
    trees = settings.trees if rows >= MANY_ROWS else 1
    return Growth(settings.least, asking * settings.penalty, leaning * settings.smoothing, trees)


def _refined(
    law: RefinedRows,
    levels: Array,
    about: tuple[list[str], Bool1D],
    settings: Bayes.Settings,
    streams: Streams,
) -> RefinedRows:
    """Return the network with the law of the outcome and the density ratio of rows.

    ``about`` are the names of the columns and which are words. What follows the outcome is hidden from all
    that is learned here: so their trees never ask for it.
    """
    names, is_word = about
    network, hidden = law.network, law.followers.hidden
    levels = hidden(levels)
    if settings.label:
        label, saved = LabelLaw.learned(levels, names.index(settings.label), streams.at("label"))
        sharpness = settings.sharpness
        if settings.learnable and sharpness == 1.0:
            sharpness = learnable_sharpness(
                label, saved, levels, lambda rng: hidden(
                    np.ascontiguousarray(network.draw(len(levels), {}, rng, settings.even), dtype=np.int32)
                ),
                streams.under("learnable"),
            )  # fmt: skip
        label = label if sharpness == 1.0 else label.sharpened(sharpness, levels)
        law = replace(law, label=label.keeping(levels, is_word))
    if not settings.refining:
        return _fitting(law, levels, settings, streams)
    rng = streams.at("ratio")
    law = replace(law, tilt=_tilt(law, levels, (names, settings), rng, streams))
    how = Boosting(depth=5, rate=0.2, most=settings.refining)
    ratio = RowRatio.fit(
        law.told(levels), lambda count: law.told(law.draw(count, {}, 1, rng)), how, streams.at("trees")
    )
    return _fitting(replace(law, ratio=ratio), levels, settings, streams)


def _fitting(law: RefinedRows, levels: Array, settings: Bayes.Settings, streams: Streams) -> RefinedRows:
    """Return the rows with an outcome whose rates in drawn rows are those that it has in real ones."""
    if law.label is None:
        return law
    rows = law.draw(FITTED_ROWS, {}, 1, streams.at("rates"), settings.even)
    return replace(law, label=law.label.fitting(law.followers.hidden(rows), levels))


def _tilt(
    law: RefinedRows,
    levels: Array,
    about: tuple[list[str], Bayes.Settings],
    rng: np.random.Generator,
    streams: Streams,
) -> OutcomeTilt | None:
    """Return the weights by which the outcome follows what does not say it, or else the rating does."""
    names, settings = about
    counts = (levels.max(axis=0) + 1).tolist()
    unasked: tuple[int, ...] = ()
    for one, address in ((settings.label, "tilt"), (settings.rating, "tilt of the rating")):
        if not one or names.index(one) in unasked:
            continue
        found = OutcomeTilt.fit(
            levels, counts, names.index(one),
            lambda count: law.followers.hidden(law.draw(count, {}, 1, rng)), streams.under(address), unasked,
        )  # fmt: skip
        if found is not None:
            return found
        unasked = (names.index(one),)  # it is drawn after the choice of rows
    return None
