"""A tape of running, late, defaulted and repaid loans in which all that holds is known by construction."""

import numpy as np

from finsim.generators.tables.reduction.dates.months_after import months_after, months_between
from finsim.notation import NANOS_PER_DAY
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

CUT = np.datetime64("2024-12-31")
CUT_DAY = float(CUT.astype(int))
CUT_MONTH = (2024 - 1970) * 12 + 11
INDEX = 1.75


def words(cells):
    listed = tuple(dict.fromkeys(cells))
    return MixedColumn(WORD, np.array([listed.index(one) for one in cells], np.int32), listed)


def amounts(values, step=0.01):
    return MixedColumn(NUMBER, np.asarray(values, dtype=float), (), step)


def days(values):
    gone = np.isnan(values)
    cells = np.where(gone, MISSING_TIME, np.nan_to_num(values) * NANOS_PER_DAY)
    return MixedColumn(TIME, cells.astype(np.int64), (), float(NANOS_PER_DAY))


def left_of(amount, rate, term, made):
    """Return what is left of a level-payment loan: rate in percent a year, months."""
    month = rate / 1_200
    return amount * (1 - ((1 + month) ** made - 1) / ((1 + month) ** term - 1))


def running_loans(rows=1_500, seed=1):
    """Return the tape: trackers pay margin and index, balances are a plan's, repaid loans owe nothing."""
    draw = np.random.default_rng(seed)
    term = draw.choice([24, 36, 48, 60, 84, 120, 180], rows)
    opened = (CUT - draw.integers(30, 365 * 6, rows)).astype("datetime64[D]")
    first = opened.astype("datetime64[M]")
    into = np.minimum((opened - first.astype("datetime64[D]")).astype(int), 27)
    opened = first.astype("datetime64[D]") + into
    until = (first + term).astype("datetime64[D]") + into
    gone = (CUT.astype("datetime64[M]") - first).astype(int)
    amount = np.maximum(np.round(np.exp(draw.normal(11, 0.7, rows)) / 250) * 250, 1_000)
    product = np.where(draw.random(rows) < 0.45, "tracker", "fixed")
    margin = np.round(np.clip(draw.normal(2.4, 0.6, rows), 0.5, None), 2)
    rate = np.where(
        product == "tracker", np.round(margin + INDEX, 2), np.round(draw.normal(4.5, 0.8, rows), 2)
    )
    chance = draw.random(rows)
    status = np.where(chance < 0.14, "default", np.where(chance < 0.22, "arrears", "performing"))
    status = np.where((status != "default") & ((until <= CUT) | (draw.random(rows) < 0.05)), "repaid", status)
    most = np.minimum(gone, term - 1)
    made = np.select(
        [status == "repaid", status == "default", status == "arrears"],
        [term, np.floor(most * draw.random(rows)), np.maximum(most - 2, 0)], most,
    )  # fmt: skip
    balance = np.round(left_of(amount, rate, term, made), 2)
    is_default = status == "default"
    part = np.where(draw.random(rows) < 0.3, draw.choice([0.0, 1.0], rows), draw.beta(2, 2, rows))
    recovered = np.where(is_default, np.floor(100 * part * balance) / 100, np.nan)
    rest = np.round(balance - np.nan_to_num(recovered), 2)
    lost = np.where(is_default, np.floor(100 * draw.random(rows) * rest) / 100, np.nan)
    columns = {
        "opened": days(opened.astype(float)), "until": days(until.astype(float)),
        "amount": amounts(amount, 1.0),
        "balance": amounts(balance), "rate": amounts(rate), "margin": amounts(margin),
        "product": words(product),
        "status": words(status), "recovered": amounts(recovered), "lost": amounts(lost),
        "region": words(draw.choice(["north", "south", "west"], rows)),
    }  # fmt: skip
    return MixedTable(columns, rows)


def dated_loans(late=0, calendar=False, part=0.1, rows=1_500, seed=8):
    """Return loans of which ``part`` defaulted and owe what they did then, ``late`` payments behind."""
    draw = np.random.default_rng(seed)
    table = running_loans(rows)
    known = {name: table[name].values for name in ("amount", "rate")}
    opened, until = (table[name].values / NANOS_PER_DAY for name in ("opened", "until"))
    is_default = (draw.random(rows) < part) & (until - opened > 400) & (opened < CUT_DAY - 400)
    last = np.minimum(until, CUT_DAY) - 1
    when = np.where(is_default, np.floor(opened + 150 + draw.random(rows) * (last - opened - 150)), np.nan)
    made = months_between(opened, when)
    if not calendar:
        made -= months_after(opened, made) > when
    term = months_between(opened, until)
    owed = np.round(left_of(known["amount"], known["rate"], term, np.maximum(made - late, 0)), 2)
    runs = table["status"].values == table["status"].words.index("performing")
    status = np.where(is_default, "default", np.where(runs, "performing", "repaid"))
    rest = np.round(
        left_of(known["amount"], known["rate"], term, CUT_MONTH - months_between(0 * opened, opened)), 2
    )
    balance = np.where(is_default, owed, np.where(runs, rest, 0.0))
    columns = {name: table[name] for name in ("opened", "until", "amount", "rate", "region")}
    return MixedTable(
        {**columns, "balance": amounts(balance), "status": words(status), "defaulted": days(when)}, rows
    )


def shuffled(table, seed=2, times=1):
    """Return rows of a generator that knows nothing but each column by itself."""
    draw = np.random.default_rng(seed)
    count = times * table.rows
    return MixedTable(
        {name: column.take(draw.integers(0, table.rows, count)) for name, column in table.columns.items()},
        count,
    )
