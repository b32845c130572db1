"""Words that lack at random break no standing payment, lack as often in new ones; a double wage stays one."""

import numpy as np
import pytest
from event_logs import DAY, words
from standing_ledgers import BEGIN, MINUTE, month_days

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.standing.holes.filled_words import filled, with_told
from finsim.generators.events.habits.standing.holes.hole_law import HoleLaw, learn_holes
from finsim.generators.events.habits.standing.series import find_series, with_told_words
from finsim.randomness import Streams
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

WHAT = ("shop", "wage", "rent", "phone", "fee")
SHOP, WAGE, RENT, PHONE, FEE = range(5)
TYPE = ("card", "transfer", "debit")
PAYEES = (*(f"shop{k}" for k in range(20)), *(f"firm{k}" for k in range(4)),
          *(f"landlord{k}" for k in range(4)), "phone0", "phone1", "bank")  # fmt: skip
FIRM, LANDLORD, TELECOM, BANK = 20, 24, 28, 30
PRICES = (19.99, 34.99)


def statement(people=60, days=396, seed=0, double="", holes=(), fee=False, month="12"):
    """Accounts with a wage (day 27), a rent (1), a phone (9) and shops.

    ``double``: firm 0 pays its December wage (that of ``month``) as ``one`` row of
    twice the sum, or as ``two``; wages of a weekend come on the Friday before. ``holes``: pairs
    of a column and a share of its cells, or a third: those of one word of ``what``. ``fee``: the telephone
    company asks for 2.50 on day 20 too, which never has a ``what``.
    """
    rng = np.random.default_rng(seed)
    rows = []

    def add(owner, day, minute, payee, what, how, amount):
        rows.extend((owner, one * DAY + minute * MINUTE, payee, what, how, amount) for one in day)

    for k in range(people):
        wage, due = round(float(rng.lognormal(7.5, 0.3)), 2), to_friday(month_days(days, 27))
        add(k, due, 375, FIRM + k % 4, WAGE, 1, wage)
        december = [one for one in due if str(np.datetime64(int(one), "D"))[5:7] == month]
        if double and k % 4 == 0:
            add(k, december, 375, FIRM, WAGE, 1, wage)
            if double == "one":
                at = [
                    n
                    for n, one in enumerate(rows)
                    if one[0] == k and one[3] == WAGE and one[1] // DAY in december
                ]
                rows[at[0]] = (*rows[at[0]][:5], round(2 * wage, 2))
                del rows[at[1]]
        add(
            k, month_days(days, 1), 330, LANDLORD + int(rng.integers(4)), RENT, 1, -50.0 * rng.integers(6, 20)
        )
        phone = int(rng.integers(2))
        add(k, month_days(days, 9), 240, TELECOM + phone, PHONE, 2, -PRICES[phone])
        if fee:
            add(k, month_days(days, 20), 250, TELECOM + phone, FEE, 2, -2.50)
        for one in rng.integers(days, size=int(rng.poisson(days / 5))):
            add(k, [BEGIN + int(one)], 600 + int(rng.integers(600)), int(rng.integers(20)), SHOP, 0,
                -round(float(rng.lognormal(3, 0.6)), 2))  # fmt: skip
    return _with_holes(_log(rows, people, days), holes, fee, seed)


def to_friday(day):
    weekday = (day + 3) % 7
    return day - np.where(weekday == 5, 1, np.where(weekday == 6, 2, 0))


def _log(rows, people, days):
    owner, time, payee, what, how, amount = (np.array(one) for one in zip(*rows, strict=True))
    order = np.lexsort((time, owner))
    starts = np.searchsorted(owner[order], np.arange(people + 1)).astype(np.int64)
    columns = {
        "when": MixedColumn(TIME, time[order].astype(np.int64), step=float(MINUTE)),
        "payee": words(payee[order], PAYEES),
        "what": words(what[order], WHAT),
        "how": words(how[order], TYPE),
        "amount": MixedColumn(NUMBER, amount[order].astype(np.float64), step=0.01),
    }
    roles = EventRoles("when", "amount", "payee", "what", channel="how")
    return EventLog(
        MixedTable(columns, len(order)), starts, MixedTable({}, people), roles, BEGIN * DAY,
        (BEGIN + days) * DAY,
    )  # fmt: skip


def _with_holes(log, holes, fee, seed):
    rng, what = np.random.default_rng(seed + 1_000), log.events["what"].values.copy()
    changed = {}
    for name, share, *of in holes:
        cells = log.events[name].values.copy()
        cells[(rng.random(len(cells)) < share) & (np.isin(what, of) if of else True)] = -1
        changed[name] = log.events[name].with_values(cells)
    if fee:
        cells = changed.get("what", log.events["what"]).values.copy()
        cells[what == FEE] = -1
        changed["what"] = log.events["what"].with_values(cells)
    events = log.events.with_columns(changed)
    return EventLog(events, log.starts, log.entities, log.roles, log.begin, log.end)


def sampled(log, count=60):
    body = Habits.fit(log, Habits.Settings(), Streams(7), None, lambda *_: None)
    return body, body.sample(count, Streams(3))


def standing(log):
    found = find_series(log)
    return (found.of_row >= 0) | (found.odd >= 0)


FORMS = {
    "category": (("what", 0.04),),
    "category, often": (("what", 0.15),),
    "payee": (("payee", 0.06),),
    "type": (("how", 0.10),),
    "all": (("what", 0.12), ("payee", 0.06), ("how", 0.12)),
}


@pytest.fixture(scope="module")
def plain():
    return statement()


@pytest.mark.parametrize("form", FORMS)
def test_rows_with_random_empty_cells_stay_in_their_series(plain, form):
    log = statement(holes=FORMS[form])
    told = with_told_words(log)
    is_series = plain.events["what"].values != SHOP
    assert standing(told)[is_series].mean() >= 0.995
    assert not standing(told)[~is_series].any()
    for name in ("what", "payee", "how"):
        cells, real = told.events[name].values, plain.events[name].values
        assert (cells == real)[is_series].mean() >= 0.99
        assert ((cells == real) | (cells < 0)).mean() >= 0.995
    if form != "type":
        assert standing(log)[is_series].mean() < 0.97  # without being told they fall out


def test_new_accounts_have_one_payee_of_a_kind_and_as_many_empty_cells():
    log = statement(holes=FORMS["all"])
    body, new = sampled(log)
    for name, share in (("what", 0.12), ("payee", 0.06), ("how", 0.12)):
        assert (new.events[name].values < 0).mean() == pytest.approx(share, abs=0.02)
    payee, what, amount = (new.events[one].values for one in ("payee", "what", "amount"))
    for low, high in ((FIRM, LANDLORD), (LANDLORD, TELECOM), (TELECOM, BANK)):
        rows = (payee >= low) & (payee < high)
        pairs = np.unique(np.column_stack([new.entity()[rows], payee[rows], amount[rows]]), axis=0)
        assert len(pairs) == len(np.unique(pairs[:, 0])) == 60
        assert (what[rows] < 0).mean() == pytest.approx(0.12, abs=0.04)
    for k in range(2):
        assert set(amount[payee == TELECOM + k]) == {-PRICES[k]}
    again = Habits.from_state(body.state())
    assert again.sample(60, Streams(3)).digest() == new.digest()
    assert np.isfinite(body.entity_losses(log, Streams(1))).all()


def test_a_kind_alone_with_empty_cells_keeps_them_to_itself():
    log = statement(holes=(("how", 0.2, PHONE),))
    new = sampled(log)[1]
    what, lost = new.events["what"].values, new.events["how"].values < 0
    assert lost[what == PHONE].mean() == pytest.approx(0.2, abs=0.04)
    assert not lost[what != PHONE].any()


def test_a_category_that_a_payment_never_has_stays_empty():
    log = statement(fee=True, holes=(("what", 0.04),))
    told = with_told_words(log)
    fee = log.events["amount"].values == -2.50
    assert (told.events["what"].values[fee] < 0).all()
    assert (told.events["what"].values[~fee] >= 0).mean() > 0.98
    new = sampled(log)[1]
    what, amount = new.events["what"].values, new.events["amount"].values
    assert (what[amount == -2.50] < 0).all()
    assert (amount == -2.50).sum() == pytest.approx(fee.sum(), rel=0.05)
    phone = np.isin(amount, [-one for one in PRICES])
    assert (what[phone] < 0).mean() == pytest.approx(0.04, abs=0.02)


def test_a_log_whose_cells_are_all_there_is_left_as_it_is(plain):
    assert with_told_words(plain) is plain
    assert sampled(plain)[0].standing.laws.holes.is_none


@pytest.mark.parametrize("least", [1, 3])
def test_told_cells_as_a_naive_twin_tells_them(least):
    rng = np.random.default_rng(least)
    key = rng.integers(-1, 60, 600)
    cells = np.where(rng.random(600) < 0.12, -1, key % 5 + (rng.random(600) < 0.02))
    never = rng.random(600) < 0.05
    found = with_told(cells, key, least, never)
    groups = [np.flatnonzero(key == k) for k in range(60)]
    one_word = [len(set(cells[g][cells[g] >= 0])) == 1 and (cells[g] >= 0).sum() >= least for g in groups]
    twin = cells.copy()
    for g, good in zip(groups, one_word, strict=True):
        for row in g:
            if good and cells[row] < 0 and not never[row]:
                twin[row] = max(cells[g])
    assert found.tolist() == twin.tolist()
    assert (found != cells).sum() > 10


def test_two_rows_of_one_sum_that_lack_by_chance_are_told():
    log = statement(people=20, days=365)
    cells, amount = log.events["what"].values.copy(), log.events["amount"].values.copy()
    phone = np.flatnonzero(log.events["payee"].values == TELECOM)[5::20]
    amount[phone], cells[phone] = -21.37, -1
    events = log.events.with_columns(
        {"what": log.events["what"].with_values(cells), "amount": log.events["amount"].with_values(amount)}
    )
    for few, told in ((phone[:3], True), (phone, False)):
        some = amount.copy()
        some[np.setdiff1d(phone, few)] = -PRICES[0]
        one = events.with_columns({"amount": log.events["amount"].with_values(some)})
        whole = EventLog(one, log.starts, log.entities, log.roles, log.begin, log.end)
        assert ((with_told_words(whole).events["what"].values[few] == PHONE) == told).all()


def test_a_group_with_far_more_empty_cells_than_others_is_told_none():
    key = np.repeat(np.arange(30), 14)
    cells = np.zeros(len(key), np.int64)
    cells[::28] = -1
    cells[key == 5] = -1
    cells[np.flatnonzero(key == 5)[:5]] = 0
    found = with_told(cells, key, 1, np.zeros(len(key), np.bool_))
    assert (found[key == 5] < 0).sum() == 9
    assert (found[key != 5] >= 0).all()


def test_filled_needs_amounts_of_no_kind():
    """A ledger without amounts is told by names and words alone."""
    log = statement(people=5)
    cells = log.events["what"].values.copy()
    cells[::40] = -1
    events = MixedTable(
        {k: v for k, v in log.events.columns.items() if k != "amount"}, log.events.rows
    ).with_columns({"what": log.events["what"].with_values(cells)})
    bare = EventLog(
        events, log.starts, log.entities, EventRoles("when", None, "payee", "what", channel="how"),
        log.begin, log.end,
    )  # fmt: skip
    told = filled(bare, ("payee",), ["what", "how"]).events["what"].values
    assert (told >= 0).sum() > (cells >= 0).sum()
    assert (told[told >= 0] == log.events["what"].values[told >= 0]).all()


def test_patterns_of_lacking_words_come_as_often_as_learned():
    rng = np.random.default_rng(2)
    payee, kind = rng.integers(3, size=6_000), np.array([0, 0, 1])
    lost = np.zeros((6_000, 2), np.bool_)
    lost[:, 0] = rng.random(6_000) < np.array([0.0, 0.3, 0.1])[payee]
    lost[:, 1] = lost[:, 0] & (payee == 2)
    law = learn_holes(lost, payee, kind)
    assert law.patterns[0].tolist() == [0, 0]
    new = law.drawn(payee, rng.random(6_000))
    for k in range(3):
        for column in range(2):
            real = lost[payee == k, column].mean()
            assert new[payee == k, column].mean() == pytest.approx(real, abs=0.03)
    assert (new[payee == 2, 0] == new[payee == 2, 1]).all()  # they lack together
    assert law.chances(lost, payee).sum() > 3_000
    assert law.chances(np.array([[False, True]]), np.array([0])).tolist() == [0.0]
    assert not HoleLaw.none().drawn(payee, rng.random(6_000)).any()
    assert learn_holes(lost & False, payee, kind).is_none


@pytest.mark.parametrize("days", [365, 396])
@pytest.mark.parametrize("double", ["one", "two"])
def test_a_double_wage_of_december_is_paid_by_its_firm_alone(double, days):
    """Also where the ledger ends with December."""
    log = statement(double=double, days=days)
    body, new = sampled(log)
    amount, payee = new.events["amount"].values, new.events["payee"].values
    month = (new.times // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(int) - 636
    usual = {
        e: np.median(amount[(new.entity() == e) & (payee >= FIRM) & (payee < LANDLORD)]) for e in range(60)
    }
    for e, wage in usual.items():
        rows = (new.entity() == e) & (payee >= FIRM) & (payee < LANDLORD)
        firm = payee[rows][0]
        paid = np.bincount(month[rows], amount[rows] / wage, 13)[:13]
        many = np.bincount(month[rows], minlength=13)
        twice = np.ones(13 if days > 365 else 12)
        twice[11] += firm == FIRM
        assert paid[: len(twice)] == pytest.approx(twice, abs=1e-3)
        assert many[11] == (2 if double == "two" and firm == FIRM else 1)
        day = (new.times[rows & (month == 11)] // DAY) - (BEGIN + 334)
        assert set(day.tolist()) == {26}
    assert (np.array([payee[(new.entity() == e) & (payee >= FIRM) & (payee < LANDLORD)][0] for e in usual])
            == FIRM).sum() == 15  # fmt: skip
    assert Habits.from_state(body.state()).sample(60, Streams(3)).digest() == new.digest()
    assert np.isfinite(body.entity_losses(log, Streams(1))).all()


def test_a_second_wage_comes_on_the_day_of_the_first():
    """On the Friday before the 27th of May, a Saturday."""
    new = sampled(statement(double="two", month="05"))[1]
    day, payee = new.times // DAY, new.events["payee"].values
    may = (day >= BEGIN + 120) & (day < BEGIN + 151) & (payee == FIRM)
    assert np.bincount(new.entity()[may])[np.unique(new.entity()[may])].tolist() == [2] * 15
    assert set(day[may].tolist()) == {BEGIN + 120 + 25}
