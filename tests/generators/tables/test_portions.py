"""What was lost of a loan: never more than was lent, all of it as often as in the data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_tables import fitted
from test_month_dates import numbers

from finsim.errors import FitError
from finsim.generators.generator import State
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.given.sought_rows import SoughtRows
from finsim.generators.tables.given.words import PlainWords
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.orders import find_orders
from finsim.generators.tables.reduction.portions import Portion
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable


def losses(rows=1_200, seed=0, whole=0.15, lossy=0.35):
    """Loans of which a third is lost in part, ``whole`` of these all of the lesser of two amounts."""
    rng = np.random.default_rng(seed)
    agreed = np.round(np.exp(rng.normal(11, 1, rows)))
    lent = np.where(rng.random(rows) < 0.7, agreed, np.round(agreed * rng.uniform(0.5, 2.0, rows)))
    share = np.where(rng.random(rows) < whole, 1.0, rng.beta(4, 2, rows))
    lost = np.where(rng.random(rows) < lossy, np.round(share * np.minimum(agreed, lent)), 0.0)
    columns = {"agreed": agreed, "lent": lent, "lost": lost, "staff": rng.integers(1, 9, rows)}
    return MixedTable({name: numbers(one) for name, one in columns.items()}, rows)


def test_a_loss_is_learned_as_a_share_and_is_all_as_often_as_it_was():
    table = losses()
    inner, found = reduce(table, Streams(1))
    rule = found.computed["lost"].rule
    assert isinstance(rule, Portion)
    assert set(rule.operands[1:]) == {"agreed", "lent"}
    again = Reduction.from_state(State({}, json.loads(json.dumps(found.state().facts, allow_nan=False))))
    assert again == found
    assert np.array_equal(again.restore(inner, Streams(1))["lost"].values, table["lost"].values)
    model = fitted(Bayes, Streams(2), inner, {"batch": 4_096, "refining": 0})
    made = found.restore(model.sample(4_000, Streams(3)), Streams(4))
    sides = []
    for side in (table, made):
        lost, least = side["lost"].values, np.minimum(side["agreed"].values, side["lent"].values)
        assert (lost <= least).all()
        some = lost > 0
        sides.append((some.mean(), (lost == least)[some].mean(), np.median((lost / least)[some])))
    assert sides[1] == pytest.approx(sides[0], abs=0.05)


def test_a_given_loss_is_met():
    inner, found = reduce(losses(), Streams(1))
    model = fitted(Bayes, Streams(2), inner, {"refining": 0})
    wanted = asked(found, {"lost": 40_000.0})
    made = SoughtRows(model, found, wanted, PlainWords()).rows(100, Streams(3))
    assert (made["lost"].values == 40_000.0).all()
    assert (np.minimum(made["agreed"].values, made["lent"].values) >= 40_000.0).all()
    with pytest.raises(
        FitError, match=r"given lost: 40000 is above the 30000 given for lent; expected 0 to 30000"
    ):
        asked(found, {"lent": 30_000.0, "lost": 40_000.0})


@pytest.mark.parametrize("case", ["never all of it", "few values", "its own law"])
def test_amounts_that_are_no_share(case):
    rng = np.random.default_rng(4)
    if case == "never all of it":
        table = losses(whole=0.0, lossy=1.0)
    elif case == "few values":
        lines = rng.integers(5, 31, 1_200)
        used = np.minimum(rng.integers(0, 31, 1_200), lines)
        table = MixedTable({"lines": numbers(lines), "used": numbers(used)}, 1_200)
    else:  # a fee of about 100 whatever the amount, all of it where that is less
        amount = np.round(rng.lognormal(5.5, 1, 1_200), 2)
        fee = np.minimum(np.round(rng.normal(100, 3, 1_200), 2), amount)
        table = MixedTable({"amount": numbers(amount, 0.01), "fee": numbers(fee, 0.01)}, 1_200)
    assert find_orders(table)
    assert not [
        one for one in reduce(table, Streams(1))[1].computed.values() if isinstance(one.rule, Portion)
    ]


def test_yes_and_no_are_in_no_order_with_amounts():
    rng = np.random.default_rng(5)
    lost = np.where(rng.random(2_000) < 0.4, np.round(rng.lognormal(8, 1, 2_000)), 0.0)
    assert find_orders(MixedTable({"lost": numbers(lost), "bad": numbers(lost > 0)}, 2_000)) == []
