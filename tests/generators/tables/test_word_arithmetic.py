"""Arithmetic within words, numbers of a period, agreed ratios: planted, found, kept by any model."""

import json

import numpy as np
import pytest
from running_loans import amounts, days, running_loans, shuffled, words

from finsim.generators.generator import State
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.arithmetic.cases import Cases
from finsim.generators.tables.reduction.arithmetic.learned_ratios import AgreedRatio
from finsim.generators.tables.reduction.dates.period_lookups import PeriodLookup
from finsim.generators.tables.reduction.identities import find_identities
from finsim.randomness import Streams
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable

REGIONS = ("north", "south", "west")
NOW = dict(zip(REGIONS, (168.3, 151.7, 140.2), strict=True))


def _index(region, opened):
    quarter = opened.astype("datetime64[M]").astype(int) // 3
    level = {name: 90 + 5 * place for place, name in enumerate(REGIONS)}
    return np.array(
        [round(level[r] + 0.9 * (q - 170) + 3 * np.sin(q), 1) for r, q in zip(region, quarter, strict=True)]
    )


def _mortgages(rows=1_600, seed=5):
    """Return loans: repaid, interest-only, or paid as agreed; values by an index; trackers with a margin."""
    draw = np.random.default_rng(seed)
    opened = np.datetime64("2014-01-01") + np.floor(3_500 * draw.random(rows) ** 0.4).astype(int)
    region, kind = (
        draw.choice(REGIONS, rows, p=[0.5, 0.3, 0.2]),
        draw.choice(["CR", "IO"], rows, p=[0.85, 0.15]),
    )
    desk = draw.integers(0, 3, rows).astype(np.int32)
    product = draw.choice(["fixed", "tracker", "special"], rows, p=[0.45, 0.3, 0.25])
    has_desk = (product == "tracker") | (draw.random(rows) < 0.2)
    margin = np.where(product == "tracker", 0.05 * draw.integers(10, 40, rows), np.nan)
    rate = np.round(np.where(product == "tracker", 5 + margin, 0.05 * draw.integers(40, 140, rows) - 0.01), 2)
    rate = np.where(product == "special", np.round(draw.uniform(2, 7, rows), 2), rate)
    value = 2_500 * np.round(draw.lognormal(12.4, 0.35, rows) / 2_500)
    ratio = np.where(
        draw.random(rows) < 0.6, draw.choice([60.0, 75, 80, 90], rows), draw.uniform(30, 90, rows)
    )
    amount = 5 * np.floor(value * ratio / 500)
    term = draw.choice([120.0, 180, 240, 300], rows)
    month = rate / 1_200
    payment = np.where(kind == "IO", amount * month, amount * month / (1 - (1 + month) ** -term))
    index = _index(region, opened)
    now = np.round(value * np.array([NOW[one] for one in region]) / index)
    columns = {
        "opened": days(opened.astype(float)), "region": words(region), "kind": words(kind),
        "product": words(product), "rate": amounts(rate), "margin": amounts(margin),
        "term": amounts(term, 1.0), "value": amounts(value),
        "amount": amounts(amount), "ltv": amounts(np.round(100 * amount / value, 2)),
        "income": amounts(100 * np.round(amount / draw.uniform(2, 5, rows) / 100)),
        "fee": amounts(np.where(has_desk, draw.integers(90, 400, rows), np.nan), 1.0),
        "desk": MixedColumn(WORD, np.where(has_desk, desk, -1).astype(np.int32), ("a", "b", "c")),
        "index": amounts(index, 0.1), "value now": amounts(now), "payment": amounts(np.round(payment, 2)),
    }  # fmt: skip
    return MixedTable(columns, rows)


def _word(table, name):
    return np.array([*table[name].words, ""])[table[name].values]


def _broken(made):
    """Return the share of rows that break each fact of the tape."""
    one = {
        name: made[name].values for name in made.columns if name not in ("region", "kind", "product", "desk")
    }
    tracker, month = _word(made, "product") == "tracker", one["rate"] / 1_200
    level = one["amount"] * month / (1 - (1 + month) ** -one["term"])
    wanted = np.where(_word(made, "kind") == "IO", one["amount"] * month, level)
    region = _word(made, "region")
    opened = (one["opened"] // 86_400_000_000_000).astype("datetime64[D]")
    now = one["value"] * np.array([NOW[name] for name in region]) / one["index"]
    cents = np.round(100 * one["rate"])
    gap = np.abs(one["rate"] - 5 - one["margin"])
    facts = {
        "payment": np.abs(one["payment"] - wanted) > 0.0051,
        "index": np.abs(one["index"] - _index(region, opened)) > 0.05,
        "value now": np.abs(one["value now"] - now) > 0.5001,
        "ltv": np.abs(one["ltv"] - 100 * one["amount"] / one["value"]) > 0.0051,
        "limit": one["ltv"] > 90.001,
        "margin": np.where(tracker, ~(gap <= 1e-6), ~np.isnan(gap)),
        "fee": np.isnan(one["fee"]) & tracker,
        "desk": (made["desk"].values < 0) & tracker,
        "endings": (tracker & (cents % 5 != 0)) | ((_word(made, "product") == "fixed") & (cents % 5 != 4)),
        "prices": one["value"] % 2_500 != 0,
    }  # fmt: skip
    return {name: float(wrong.mean()) for name, wrong in facts.items()}


@pytest.fixture(scope="module")
def reduced():
    table = _mortgages()
    return table, *reduce(table, Streams(2))


def test_a_model_that_knows_nothing_keeps_every_fact_of_the_tape(reduced):
    table, inner, found = reduced
    assert not any(_broken(table).values())
    assert min(_broken(shuffled(table)).values()) > 0.05 or _broken(shuffled(table))["prices"] == 0
    made = found.restore(shuffled(inner, times=3), Streams(5))
    broken = _broken(made)
    assert broken.pop("index") < 0.05  # periods of a region that one loan alone was seen in
    assert broken == dict.fromkeys(broken, 0.0)
    atoms = np.isin(made["ltv"].values, [60.0, 75, 80, 90]).mean()
    assert atoms == pytest.approx(np.isin(table["ltv"].values, [60.0, 75, 80, 90]).mean(), abs=0.05)


def test_the_rules_are_those_that_were_planted(reduced):
    _, inner, found = reduced
    rules = {name: one.rule for name, one in found.computed.items()}
    assert isinstance(rules["payment"], Cases)
    by_kind = zip(rules["payment"].words, rules["payment"].rules, strict=True)
    assert {word: rule.kind for word, rule in by_kind} == {"CR": "annuity", "IO": "product"}
    assert rules["payment"].rules[1].factors == (1 / 1200,)
    factors = {
        word: rule.factors[0]
        for word, rule in zip(rules["value now"].words, rules["value now"].rules, strict=True)
    }
    assert factors == NOW
    assert (rules["index"].source, rules["index"].date, rules["index"].months) == ("region", "opened", 3)
    assert rules["value"].operands == ("ltv: agreed", "amount")  # income says the amount
    assert "amount" in inner
    assert set(rules) >= {"payment", "index", "value now", "ltv", "margin", "value"}


def test_own_rows_come_back_and_the_state_survives(reduced):
    table, inner, found = reduced
    again = Reduction.from_state(State({}, json.loads(json.dumps(found.state().facts, allow_nan=False))))
    assert again == found
    back = again.restore(inner, Streams(5))
    assert np.allclose(back["margin"].values, table["margin"].values, atol=1e-9, equal_nan=True)
    assert (back["value"].values == table["value"].values).mean() > 0.999
    # A ratio of two decimals says an amount to the pound or two.
    assert np.abs(back["amount"].values / table["amount"].values - 1).max() < 3e-4


def test_given_parts_of_an_agreed_ratio_hold(reduced):
    _, inner, found = reduced
    for cells, asks in (
        ({"ltv": 90.0}, {"ltv: agreed": 90.0}),
        ({"ltv": 80.0, "value": 250_000.0}, {"ltv: agreed": 80.0, "amount": 200_000.0}),
        ({"amount": 150_000.0, "value": 200_000.0}, {"amount": 150_000.0, "ltv: agreed": 75.0}),
        ({"amount": 150_003.0, "ltv": 77.0}, {"amount": 150_003.0, "ltv: agreed": 77.0}),
    ):
        told = asked(found, cells)
        assert told.inner == pytest.approx(asks)
        assert not told.sought
        drawn = shuffled(inner)
        cut = {name: amounts(np.full(drawn.rows, cell)) for name, cell in told.inner.items()}
        made = found.restore(drawn.with_columns(cut), Streams(4), 0, list(told.inner))
        for name, cell in cells.items():
            assert made[name].values == pytest.approx(np.full(drawn.rows, cell), abs=0.0051)
    assert set(asked(found, {"value": 250_000.0}).sought) == {"value"}


def test_noise_has_none_of_these_rules():
    table = shuffled(_mortgages())
    _, found = reduce(table, Streams(2))
    assert not [
        one for one in found.computed.values() if isinstance(one.rule, Cases | PeriodLookup | AgreedRatio)
    ]


def test_a_period_never_seen_is_taken_for_the_nearest_and_a_word_never_seen_for_the_commonest():
    lookup = PeriodLookup("rate", "day", 1, "money", ("EUR", "USD"), ((10, 14), (12,)), ((1.0, 2.0), (7.0,)))
    dates = days(
        np.array(["1970-10-05", "1970-11-01", "1970-12-31", "1971-01-01", "1980-01-01"], "M8[D]").astype(
            float
        )
    )
    for word, wanted in (("EUR", [1, 1, 1, 1, 2]), ("GBP", [1, 1, 1, 1, 2]), ("USD", [7] * 5)):
        made = lookup.values({"day": dates, "money": words([word] * 5)})
        assert made.tolist() == wanted, word
    assert np.isnan(lookup.values({"day": days(np.array([np.nan])), "money": words(["USD"])})).all()


def test_a_word_never_seen_has_the_commonest_formula_and_a_period_of_one_loan_tells_nothing(reduced):
    table, _, found = reduced
    rule = found.computed["payment"].rule
    some = dict(table.take(np.arange(5)).columns)
    told = rule.values({**some, "kind": words(["CR"] * 5)})
    assert np.array_equal(rule.values({**some, "kind": words(["never seen"] * 5)}), told)
    assert np.isfinite(told).all()
    lookup = found.computed["index"].rule
    region = _word(table, "region")
    month = (table["opened"].values // 86_400_000_000_000).astype("datetime64[D]").astype("datetime64[M]")
    pairs, counts = np.unique(np.stack([region, month.astype(int) // 3]), axis=1, return_counts=True)
    twice = {(word, int(period)) for word, period in pairs.T[counts >= 2]}
    listed = zip(lookup.words, lookup.periods, strict=True)
    assert {(word, period) for word, periods in listed for period in periods} == twice
    assert (counts == 1).any()


def test_interest_only_loans_owe_what_was_lent_and_no_payment_is_behind():
    table = running_loans()
    draw = np.random.default_rng(1)
    is_interest = draw.random(table.rows) < 0.2
    repaid = _word(table, "status") == "repaid"
    owed = np.where(is_interest & ~repaid, table["amount"].values, table["balance"].values)
    kind = words(np.where(is_interest, "interest", "level").tolist())
    table = table.with_columns({"balance": amounts(owed), "kind": kind})
    inner, found = reduce(table, Streams(1), outcome="status")
    interest = np.array(inner["kind"].words)[inner["kind"].values] == "interest"
    assert (inner["balance: payments"].values[interest] == 0).all()
    made = found.restore(shuffled(inner, times=2), Streams(5))
    mine = (_word(made, "kind") == "interest") & (_word(made, "status") != "repaid")
    assert np.array_equal(made["balance"].values[mine], made["amount"].values[mine])


def test_a_product_that_is_mostly_0_is_found_in_any_sample():
    draw = np.random.default_rng(3)
    rows = 1_500
    months = np.where(draw.random(rows) < 0.045, draw.integers(1, 9, rows), 0).astype(float)
    payment = np.round(draw.lognormal(6, 0.5, rows), 2)
    others = {f"sum {k}": amounts(np.round(draw.lognormal(5, 1, rows), 2)) for k in range(4)}
    columns = {**others, "payment": amounts(payment), "months": amounts(months, 1.0),
               "arrears": amounts(np.round(months * payment, 2))}  # fmt: skip
    for seed in range(4):
        rules = [one for _, one in find_identities(MixedTable(columns, rows), Streams(seed).at("rows"))]
        assert any(one.target == "arrears" and set(one.operands) == {"months", "payment"} for one in rules)
