"""Columns that follow two others, level payments, tied cells and dates after dates: found and put back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small_tables import DAY, fitted

from finsim.errors import FitError
from finsim.generators.generator import State
from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.date_gaps import DateGap, is_month_end
from finsim.generators.tables.reduction.dates.find_gaps import find_gaps
from finsim.generators.tables.reduction.identities import Identity, annuity_factor
from finsim.generators.tables.reduction.pair_followers import PairFollower
from finsim.generators.tables.reduction.ties import find_ties
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

STREAMS = Streams(3)


def _number(values, step=1.0):
    return MixedColumn(NUMBER, np.asarray(values, dtype=float), (), step)


def _date(days):
    gone = np.isnan(days)
    return MixedColumn(
        TIME, np.where(gone, MISSING_TIME, np.nan_to_num(days) * DAY).astype(np.int64), (), float(DAY)
    )


def _month_ends(days):
    month = days.astype(np.int64).astype("datetime64[D]").astype("datetime64[M]") + 1
    return (month.astype("datetime64[D]") - 1).astype(np.int64).astype(float)


def _loans(rows=3_000, seed=1):
    """Return loans with a rate by class and month, level payments, some paid in full, dates in order."""
    draw = np.random.default_rng(seed)
    amount = 100.0 * draw.integers(10, 400, rows)
    term = draw.choice([36.0, 60.0], rows)
    grade, month = draw.integers(0, 8, rows), draw.integers(0, 4, rows)
    rates = np.round(draw.choice(np.arange(500, 2_500, 120), 32) / 100.0, 2).reshape(8, 4)
    rate = rates[grade, month]
    payment = np.ceil(np.round(100 * amount * annuity_factor(rate / 1_200, term), 6)) / 100
    full = draw.random(rows) < 0.2
    paid = np.where(full, amount, np.round(amount * draw.random(rows) * 0.9, 2))
    lent = draw.integers(12_000, 14_000, rows).astype(float)
    paid_out = _month_ends(lent + draw.integers(5, 200, rows))
    failed = np.where(draw.random(rows) < 0.3, paid_out + draw.integers(30, 900, rows), np.nan)
    own = np.where(draw.random(rows) < 0.4, np.nan, draw.integers(1, 80, rows))
    late = np.where(
        draw.random(rows) < 0.3, own, np.where(draw.random(rows) < 0.5, np.nan, draw.integers(1, 80, rows))
    )
    columns = {
        "amount": _number(amount), "term": _number(term), "rate": _number(rate, 0.01),
        "grade": MixedColumn(WORD, grade.astype(np.int32), tuple("ABCDEFGH")),
        "month": MixedColumn(WORD, month.astype(np.int32), ("Jan", "Feb", "Mar", "Apr")),
        "payment": _number(payment, 0.01), "paid": _number(paid, 0.01), "own": _number(own),
        "late": _number(late), "lent": _date(lent), "out": _date(paid_out), "failed": _date(failed),
    }  # fmt: skip
    return MixedTable(columns, rows)


@pytest.fixture(scope="module")
def reduced():
    return reduce(_loans(), STREAMS)


def _days(column):
    return np.where(column.missing(), np.nan, column.values / DAY)


def test_everything_is_found(reduced):
    left, found = reduced
    rules = {name: one.rule for name, one in found.computed.items()}
    assert isinstance(rules["rate"], PairFollower)
    assert {rules["rate"].first, rules["rate"].second} == {"grade", "month"}
    payment = rules["payment"]
    assert (payment.kind, payment.operands) == ("annuity", ("amount", "rate", "term"))
    assert (payment.factors[0], payment.offset) == (pytest.approx(1 / 1_200), 0.005)
    assert set(rules) == {"rate", "payment", "paid"}
    assert rules["paid"].bounds == ("amount",)  # on another grid, and all of it in a fifth of the rows
    assert {"late", "own"} in [{tie.target, tie.source} for tie in found.ties if tie.flag]
    assert len(found.ties) == 1
    assert [(gap.target, gap.source, bool(gap.fixed)) for gap in found.gaps] == [
        ("out", "lent", True), ("failed", "out", False)
    ]  # fmt: skip
    assert left["out"].kind == NUMBER
    assert (left["paid: share"].values == 1).mean() == pytest.approx(0.2, abs=0.03)


def test_the_own_rows_come_back(reduced):
    left, found = reduced
    table, back = _loans(), found.restore(left, STREAMS)
    for name, column in table.columns.items():
        assert back[name].words == column.words
        assert np.array_equal(back[name].values, column.values, equal_nan=column.kind == NUMBER), name


def test_rules_hold_in_a_sample(reduced, streams):
    left, found = reduced
    made = found.restore(fitted(Bayes, streams, left).sample(2_000, streams), streams)
    table = _loans()
    amount, paid = made["amount"].values, made["paid"].values
    assert (amount == paid).mean() == pytest.approx(0.2, abs=0.04)
    assert not np.isnan(paid).any()
    rate, term = made["rate"].values, made["term"].values
    exact = np.ceil(np.round(100 * amount * annuity_factor(rate / 1_200, term), 6)) / 100
    assert np.abs(exact - made["payment"].values).max() < 0.0101
    real = {
        (g, m): r
        for g, m, r in zip(table["grade"].values, table["month"].values, table["rate"].values, strict=True)
    }
    assert all(
        real[g, m] == r for g, m, r in zip(made["grade"].values, made["month"].values, rate, strict=True)
    )
    lent, out, failed = (_days(made[name]) for name in ("lent", "out", "failed"))
    assert (out >= lent).all()
    assert (failed >= out)[~np.isnan(failed)].all()
    assert is_month_end(out).mean() > 0.98
    assert np.isnan(failed).mean() == pytest.approx(0.7, abs=0.05)


def test_state_survives_a_round_trip(reduced):
    left, found = reduced
    again = Reduction.from_state(
        State({}, json.loads(json.dumps(dict(found.state().facts), allow_nan=False)))
    )
    assert again == found
    assert again.restore(left, STREAMS).digest() == found.restore(left, STREAMS).digest()


def test_given_cells_stay(reduced, streams):
    left, found = reduced
    model = fitted(Bayes, streams, left)
    inner = asked(found, {"amount": 7_700.0, "month": "Feb"}).inner
    made = found.restore(model.sample(300, streams, given=inner), streams, 0, inner)
    assert (made["amount"].values == 7_700.0).all()
    for cells, words in (
        ({"rate": 5.0}, "follows"),
        ({"out": 1.0}, "1970-01-01 was never seen; expected 200"),
        ({"payment": 3.0}, "computed"),
    ):
        with pytest.raises(FitError, match=words):
            asked(found, cells)


def test_an_outcome_that_is_computed_is_learned_all_the_same():
    draw = np.random.default_rng(2)
    rows = 1_000
    fine = draw.integers(0, 9, rows).astype(np.int32)
    table = MixedTable(
        {"fine": MixedColumn(WORD, fine, tuple("abcdefghi")),
         "good": MixedColumn(WORD, fine // 5, ("no", "yes")), "x": _number(draw.integers(0, 40, rows))}, rows,
    )  # fmt: skip
    assert "good" not in reduce(table, STREAMS)[0]
    left, found = reduce(table, STREAMS, outcome="good")
    assert "good" in left
    assert found.outcome == "good"
    broken = left.with_columns({"good": replace(left["good"], values=1 - left["good"].values)})
    assert np.array_equal(found.restore(broken, STREAMS)["good"].values, table["good"].values)
    inner = asked(found, {"good": "yes"}).inner
    assert inner == {"good": "yes"}
    assert np.array_equal(found.restore(broken, STREAMS, 0, inner)["good"].values, broken["good"].values)


def test_a_share_guaranteed_is_a_factor_and_a_ratio_of_many_values_stays_one():
    draw = np.random.default_rng(4)
    total = np.round(draw.lognormal(11, 0.8, 2_000))
    part = np.round(total * draw.uniform(0.4, 0.9, 2_000))
    ratio = _number(np.round(part / total, 2), 0.01)
    _, found = reduce(
        MixedTable({"total": _number(total), "part": _number(part), "share": ratio}, 2_000), STREAMS
    )
    assert found.computed["share"].rule == Identity("ratio", "share", ("part", "total"), (1.0,))
    total = 4.0 * np.round(total / 4)
    part = total * draw.choice([0.5, 0.75], 2_000)
    table = MixedTable(
        {"total": _number(total), "part": _number(part), "share": _number(part / total, 0.01)}, 2_000
    )
    _, found = reduce(table, STREAMS)
    assert {"part", "total"} >= set(found.computed) != set()
    part = np.where(np.arange(2_000) < 12, part + 40.0, part)
    ratio = _number(np.round(part / total, 6), 1e-6)
    table = MixedTable({"total": _number(total), "part": _number(part), "share": ratio}, 2_000)
    _, found = reduce(table, STREAMS)
    assert "share" not in found.computed


def test_a_column_of_little_spread_is_no_sum_of_coarse_ones():
    draw = np.random.default_rng(9)
    one, other = draw.integers(0, 3, 1_000), draw.integers(0, 3, 1_000)
    rate = np.round(draw.uniform(0.05, 0.3, 1_000), 4)
    columns = {
        "a": _number(one),
        "b": _number(other),
        "sum": _number(one + other),
        "rate": _number(rate, 1e-4),
    }
    # Beside large sums the projection of a small column is within the error of theirs.
    columns["money"] = _number(np.round(1e8 * draw.lognormal(0, 1, 1_000)))
    _, found = reduce(MixedTable(columns, 1_000), STREAMS)
    assert "rate" not in found.computed
    assert len(found.computed) == 1


def test_dust_does_not_hide_a_sum():
    draw = np.random.default_rng(10)
    parts = {name: np.round(draw.lognormal(6, 1, 2_000), 2) for name in "abc"}
    dust = np.where(draw.random(2_000) < 0.01, 0.003, 0.0)
    total = _number(np.round(sum(parts.values()) + dust, 6), 1e-6)
    table = MixedTable({**{name: _number(one, 0.01) for name, one in parts.items()}, "total": total}, 2_000)
    assert set(reduce(table, STREAMS)[1].computed) == {"total"}


def test_the_factor_of_a_level_payment():
    assert annuity_factor(np.array([0.0, 0.01]), np.array([10.0, 12.0])) == pytest.approx([0.1, 0.0888487887])
    assert np.isnan(annuity_factor(np.array([-0.1, 0.1]), np.array([10.0, 0.0]))).all()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_tied_in_noise(seed):
    draw = np.random.default_rng(seed)
    rows = 600
    columns = {f"n{size}": _number(draw.integers(0, size, rows)) for size in (15, 16, 40, 41, 500)}
    zeros = {
        f"z{k}": _number(np.where(draw.random(rows) < 0.6, 0, draw.integers(0, 300, rows))) for k in range(3)
    }
    dates = {f"d{k}": _date(draw.integers(9_000, 9_400, rows).astype(float)) for k in range(3)}
    dates["long ago"] = _date(draw.integers(3_000, 4_000, rows).astype(float))
    words = {
        f"w{k}": MixedColumn(WORD, draw.integers(0, 5, rows).astype(np.int32), tuple("abcde"))
        for k in range(3)
    }
    table = MixedTable({**columns, **zeros, **dates, **words}, rows)
    assert find_ties(table) == []
    assert list(find_gaps(table)) == []
    assert not [
        one for one in reduce(table, Streams(seed))[1].computed.values() if isinstance(one.rule, PairFollower)
    ]


def test_weekends_are_left_out_where_they_are():
    draw = np.random.default_rng(5)
    start = draw.integers(9_000, 12_000, 500).astype(float)
    later = start + draw.integers(0, 90, 500)
    later += np.where((later + 3) % 7 == 5, 2, np.where((later + 3) % 7 == 6, 1, 0))
    table = MixedTable({"start": _date(start), "later": _date(later)}, 500)
    (gap,) = find_gaps(table)
    assert replace(gap, ranges=()) == DateGap("later", "start", "", True)
    drawn = {"start": table["start"], "later": _number(draw.integers(0, 90, 500))}
    days = _days(gap.closed(drawn)["later"])
    assert (((days + 3) % 7) < 5).all()
    assert (days >= start).all()


def test_the_ends_of_a_grid_keep_their_share():
    values = np.random.default_rng(6).integers(0, 30, 900).astype(float)
    margin = NumberMargin.fit(values, 1.0, smooth=True)
    drawn = margin.values(np.random.default_rng(7).random(60_000), np.random.default_rng(8).random(60_000))
    shares = np.bincount(drawn.astype(int), minlength=30) / len(drawn)
    assert len(shares) == 30
    assert shares[[0, 29]] == pytest.approx([1 / 30, 1 / 30], rel=0.3)


def test_a_date_after_a_tied_date_comes_back():
    draw = np.random.default_rng(11)
    asked = draw.integers(9_000, 12_000, 800).astype(float)
    agreed = np.where(draw.random(800) < 0.5, asked, asked + draw.integers(-40, 40, 800))
    ended = agreed + draw.integers(10, 300, 800)
    table = MixedTable({"asked": _date(asked), "agreed": _date(agreed), "ended": _date(ended)}, 800)
    left, found = reduce(table, STREAMS)
    assert {"asked", "agreed"} == {found.ties[0].target, found.ties[0].source}
    assert "ended" in {gap.target for gap in found.gaps}
    back = found.restore(left, STREAMS)
    assert all(np.array_equal(back[name].values, table[name].values) for name in table.columns)


def test_a_round_amount_is_drawn_and_the_uneven_part_of_it_computed():
    """An amount in fifties less a fee: computed from fee and net amount it would be any number of cents."""
    rng = np.random.default_rng(0)
    amount = np.round(np.exp(rng.normal(9, 0.5, 2_000)) / 50) * 50
    fee = np.round(amount * rng.choice([0.0, 0.01, 0.015], 2_000), 2)
    columns = {
        name: MixedColumn(NUMBER, np.round(values, 2), step=0.01)
        for name, values in (("amount", amount), ("fee", fee), ("net", amount - fee))
    }
    left, reduction = reduce(MixedTable(columns, 2_000), Streams(0))
    assert list(left.columns) == ["amount", "fee"]
    back = reduction.restore(left, Streams(0))
    assert np.allclose(back["net"].values, columns["net"].values)


def test_rare_words_lead_to_what_they_led_to_and_not_to_the_commonest_alone():
    """Cities of two rows lie in all provinces: pooled, they keep the provinces' shares."""
    rng = np.random.default_rng(0)
    city = np.concatenate([np.repeat(np.arange(40), 50), np.repeat(np.arange(40, 340), 2)])
    province = np.where(city < 40, city % 4, rng.choice(4, 340, p=[0.4, 0.3, 0.2, 0.1])[city])
    order = rng.permutation(len(city))
    city, province = city[order], province[order]
    columns = {
        "city": MixedColumn(WORD, city.astype(np.int32), tuple(f"c{k:03d}" for k in range(340))),
        "province": MixedColumn(WORD, province.astype(np.int32), ("n", "e", "s", "w")),
    }
    left, reduction = reduce(MixedTable(columns, len(city)), Streams(0))
    assert list(left.columns) == ["city"]
    back = reduction.restore(left, Streams(7))
    words = np.array(back["province"].words)[back["province"].values]
    rare = city >= 40
    made = np.array([(words[rare] == word).mean() for word in "nesw"])
    real = np.bincount(province[rare], minlength=4) / rare.sum()
    assert np.abs(made - real).max() < 0.07
    assert (words[~rare] == np.array(list("nesw"))[province[~rare]]).all()
    assert reduction.words("province") == set("nesw")
    again = Reduction.from_state(State({}, json.loads(json.dumps(reduction.state().facts))))
    assert (again.restore(left, Streams(7))["province"].values == back["province"].values).all()
