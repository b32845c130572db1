"""What holds in the rows of one word holds in every sample, whatever the model knows."""

import json

import numpy as np
import pytest
from running_loans import CUT_DAY, INDEX, amounts, running_loans, shuffled, words

from finsim.errors import FitError
from finsim.generators.generator import State
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.words_of_empty import decided
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, MixedTable


@pytest.fixture(scope="module")
def reduced():
    table = running_loans()
    inner, found = reduce(table, Streams(1), outcome="status")
    return table, inner, found


def _having(table, column, word):
    one = table[column]
    return one.values == one.words.index(word)


def _facts(made):
    """Return how many rows break each fact of the tape."""
    value = {name: one.values for name, one in made.columns.items()}
    until = value["until"] / NANOS_PER_DAY
    tracker, repaid = _having(made, "product", "tracker"), _having(made, "status", "repaid")
    runs = _having(made, "status", "performing") | _having(made, "status", "arrears")
    both = ~np.isnan(value["recovered"]) & ~np.isnan(value["lost"])
    taken = value["recovered"] + value["lost"]
    return {
        "margin": (np.abs(value["rate"] - value["margin"] - INDEX)[tracker] > 1e-6).sum(),
        "repaid": (value["balance"][repaid] != 0).sum(),
        "ended": (until[runs] <= CUT_DAY).sum(),
        "owed": (value["balance"][~repaid] <= 0).sum(),
        "above": (value["balance"] > value["amount"]).sum(),
        "recovered": (value["recovered"] > value["balance"]).sum(),
        "together": (taken[both] > value["balance"][both] + 1e-6).sum(),
        "no default": (~np.isnan(value["recovered"]) & ~_having(made, "status", "default")).sum(),
    }


def test_the_tape_itself_has_these_facts_and_its_columns_shuffled_have_none():
    table = running_loans()
    assert not any(_facts(table).values())
    assert all(count >= 20 for count in _facts(shuffled(table)).values())


def test_every_fact_is_kept_by_a_model_that_knows_nothing(reduced):
    _, inner, found = reduced
    made = found.restore(shuffled(inner, times=3), Streams(5))
    assert _facts(made) == dict.fromkeys(_facts(made), 0)


def test_the_own_rows_come_back(reduced):
    table, inner, found = reduced
    back = found.restore(inner, Streams(5))
    for name, column in table.columns.items():
        assert back[name].words == column.words
        assert np.array_equal(back[name].values, column.values, equal_nan=column.kind == NUMBER), name


def test_state_survives_and_rows_do_not_depend_on_those_beside_them(reduced):
    _, inner, found = reduced
    again = Reduction.from_state(State({}, json.loads(json.dumps(found.state().facts, allow_nan=False))))
    assert again == found
    drawn = shuffled(inner)
    whole = again.restore(drawn, Streams(5))
    turned = again.restore(drawn.take(np.arange(drawn.rows)[::-1]), Streams(5))
    assert turned.take(np.arange(drawn.rows)[::-1]).digest() == whole.digest()


def test_cells_that_are_put_right_are_no_new_atoms(reduced):
    table, inner, found = reduced
    made = found.restore(shuffled(inner, times=3), Streams(5))
    default = _having(made, "status", "default")
    assert np.unique(made["balance"].values[default], return_counts=True)[1].max() < 0.01 * default.sum()
    runs = _having(made, "status", "performing")
    ends, counts = np.unique(made["until"].values[runs], return_counts=True)
    assert counts.max() < 0.02 * runs.sum()
    real = table["until"].values[_having(table, "status", "performing")]
    assert np.median(ends) == pytest.approx(np.median(real), abs=3 * 365 * NANOS_PER_DAY)


def test_what_is_given_stays_and_the_rest_follows(reduced):
    _, inner, found = reduced
    drawn = shuffled(inner)
    fixed = drawn.with_columns(
        {"rate": amounts(np.full(drawn.rows, 5.25)), "product": words(["tracker"] * drawn.rows)}
    )
    made = found.restore(fixed, Streams(5), given=("rate", "product"))
    assert (made["rate"].values == 5.25).all()
    assert made["margin"].values == pytest.approx(5.25 - INDEX)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"status": "repaid", "balance": 1_000.0}, "0"),
        ({"status": "performing", "until": (CUT_DAY - 400) * NANOS_PER_DAY}, "performing"),
    ],
)
def test_given_cells_against_a_word_are_refused(reduced, cells, said):
    with pytest.raises(FitError, match=said):
        asked(reduced[2], cells)


def test_chance_is_no_fact():
    draw = np.random.default_rng(7)
    rows = 600
    columns = {f"n{place}": amounts(np.round(draw.normal(100, 20, rows), 2)) for place in range(6)}
    columns |= {f"w{place}": words(draw.choice(list("abcdef"), rows)) for place in range(4)}
    found = reduce(MixedTable(columns, rows), Streams(1))[1].by_word
    assert not any((found.constants, found.ranges, found.identities, found.dates))


def test_a_rule_with_few_exceptions_is_one_and_with_many_is_none():
    draw = np.random.default_rng(8)
    rows = 2_000
    kind = draw.choice(["a", "b"], rows)
    first = np.round(draw.normal(50, 10, rows), 2)

    def rules(share):
        odd = (kind == "b") | (draw.random(rows) < share)
        second = np.where(odd, np.round(draw.normal(120, 20, rows), 2), np.round(2 * first + 3, 2))
        table = MixedTable({"kind": words(kind), "first": amounts(first), "second": amounts(second)}, rows)
        return reduce(table, Streams(1))[1].by_word.identities

    assert [(one.word, one.rule.target) for one in rules(0.005)] == [("a", "second")]
    assert not rules(0.03)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_numbers_of_a_word_stay_between_its_own_least_and_greatest(sign):
    draw = np.random.default_rng(9)
    kind = draw.choice(["a", "b"], 1_000)
    value = sign * np.where(kind == "a", draw.uniform(50, 70, 1_000), draw.uniform(0, 200, 1_000))
    table = MixedTable({"kind": words(kind), "value": amounts(np.round(value, 2))}, 1_000)
    inner, found = reduce(table, Streams(1))
    made = found.restore(shuffled(inner), Streams(2))
    mine = np.abs(made["value"].values[_having(made, "kind", "a")])
    assert mine.min() >= 50
    assert mine.max() <= 70
    assert np.unique(mine, return_counts=True)[1].max() < 10
    assert np.abs(made["value"].values).max() > 190


def _few(count=14, ends_late=True):
    """Return running loans of which ``count`` alone are in arrears; these end after the tape or whenever."""
    draw = np.random.default_rng(3)
    table = running_loans(900).without("lost", "recovered")
    status = np.array(table["status"].words)[table["status"].values]
    runs = np.flatnonzero(status == "arrears")
    status[status == "arrears"] = "performing"
    chosen = draw.choice(runs if ends_late else np.flatnonzero(status != "default"), count, replace=False)
    status[chosen] = "arrears"
    return table.with_columns({"status": words(status)})


def test_few_rows_share_the_facts_of_a_commoner_word():
    inner, found = reduce(_few(), Streams(1), outcome="status")
    made = found.restore(shuffled(inner, times=20), Streams(2))
    late = _having(made, "status", "arrears")
    assert late.sum() > 150
    assert (made["until"].values[late] / NANOS_PER_DAY > CUT_DAY).all()
    assert (made["balance"].values[late] > 0).all()


@pytest.mark.parametrize(("count", "ends_late"), [(9, True), (25, False)])
def test_fewer_rows_and_rows_without_the_fact_share_none(count, ends_late):
    facts = reduce(_few(count, ends_late), Streams(1), outcome="status")[1].by_word
    spans = (*facts.ranges, *facts.dates, *facts.parts, *facts.constants, *facts.later)
    assert [one for one in spans if one.word == "performing"]
    assert not [one for one in spans if one.word == "arrears"]


def test_a_constant_of_few_rows_is_that_of_a_commoner_word():
    draw = np.random.default_rng(4)
    status = np.repeat(["runs", "repaid", "closed", "sold"], [560, 400, 15, 25])
    owed = np.where(status == "runs", np.round(draw.uniform(10, 900, 1_000), 2), 0.0)
    owed[status == "sold"] = 5.0
    table = MixedTable({"status": words(status), "owed": amounts(owed)}, 1_000)
    constants = reduce(table, Streams(1))[1].by_word.constants
    assert {(one.word, one.cell) for one in constants} == {("repaid", 0.0), ("closed", 0.0)}


@pytest.mark.parametrize(("few", "odd", "found"), [(12, 0, True), (9, 0, False), (12, 1, False)])
def test_few_rows_lack_what_one_word_alone_has(few, odd, found):
    codes = np.repeat([0, 1, 2], [900, 60, few])
    lacks = codes != 1
    lacks[-odd or len(lacks) :] = False
    said = decided(codes, 3, lacks)
    assert said.empty.tolist() == [True, False, found]
    assert said.there.tolist() == [False, True, False]
