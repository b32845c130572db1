"""The benchmark's table: payments on loan accounts, sorted; one row in 1,000 is wrong for each rule."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.randomness import Streams

WRONG = 1e-3
PER_ACCOUNT = 30
BURST = 7
CASH = 2  # among the channels
DAY = 86_400
START = 1_735_689_600  # 2025-01-01


FORMS = ("text", "dictionary", "narrow")


def payments(rows: int, seed: int = 7, form: str = "text") -> pa.Table:
    """Return the table: money as int64 cents, nulls in ``score`` as NaN.

    As people have it (``text``): labels as plain strings, times in microseconds; ``dictionary``: labels as
    readers of files give them (int32); ``narrow``: as int8, times in nanoseconds.
    """
    draw = Streams(seed).at("benchmark", "payments")
    wrong = lambda: draw.random(rows) < WRONG  # noqa: E731
    account = np.sort(draw.integers(0, max(rows // PER_ACCOUNT, 1), rows)).astype(np.int32)
    fresh = np.append(True, account[1:] != account[:-1])
    starts = np.flatnonzero(fresh)
    gaps = draw.geometric(1 / (3 * DAY), rows)
    bursts = draw.random(rows) < WRONG / 5
    for _ in range(BURST):  # so many payments a minute apart are too many in a day
        gaps[bursts] = 60
        bursts = np.append(False, bursts[:-1])
    gaps[wrong()] = 0  # two at one moment: not in order, though sorted
    clock = np.cumsum(gaps)
    clock = clock - np.repeat(clock[starts], np.diff(starts, append=rows))
    channel = draw.integers(0, 4, rows)
    amount = np.exp(draw.normal(9.2, 1.0, rows)).astype(np.int64) + 100
    amount[wrong() & (channel == CASH)] += 10**6
    amount[wrong()] = 0
    credit = draw.random(rows) < 0.3
    signed = np.where(credit, amount, -amount)
    opening = np.repeat(draw.integers(10**5, 10**7, len(starts)), np.diff(starts, append=rows))
    moved = np.cumsum(signed)
    before = np.repeat(moved[starts] - signed[starts], np.diff(starts, append=rows))
    balance = opening + moved - before
    age = draw.integers(16, 90, rows).astype(np.int16)
    loan = draw.integers(10**5, 5 * 10**6, rows)
    loan[age < 18] = np.minimum(loan[age < 18], 200_000)
    term, rate = draw.integers(6, 85, rows).astype(np.int16), draw.uniform(0.01, 0.17, rows)
    monthly = rate / 12
    pmt = np.rint(loan * monthly / -np.expm1(-term * np.log1p(monthly))).astype(np.int64)
    income = draw.integers(10**5, 10**6, rows)
    dti = pmt / income
    score = draw.uniform(300, 850, rows)
    score[draw.random(rows) < 0.05] = np.nan
    ltv = draw.uniform(0.2, 0.96, rows)
    balance[wrong()] += 1
    loan_wrong = (age < 18) & (draw.random(rows) < 0.05)
    loan[loan_wrong] += 10**6
    pmt[wrong()] += 5
    dti[wrong()] *= 1.01
    ltv[wrong()] = 1.3
    rate[wrong()] = 0.3
    term[wrong()] = 3
    score[wrong()] = 900
    income[wrong()] = -1
    age[wrong()] = 101
    fee = np.minimum(draw.integers(0, 200, rows), amount)
    fee[wrong()] = -5
    columns = {
        "account": pa.array(account),
        "ts": pa.array((clock + START) * 10**9, pa.timestamp("ns", tz="UTC")),
        "seq": pa.array(np.arange(rows, dtype=np.int32)),
        "amount": pa.array(amount), "fee": pa.array(fee), "balance": pa.array(balance),
        "opening": pa.array(opening), "loan": pa.array(loan), "pmt": pa.array(pmt),
        "income": pa.array(income),
        "dir": _labels(credit.astype(np.int8), ["debit", "credit"]),
        "channel": _labels(np.where(wrong(), 4, channel), ["card", "transfer", "cash", "direct", "fax"]),
        "product": _labels(draw.integers(0, 3, rows), ["card", "auto", "mortgage"]),
        "country": _labels(draw.integers(0, 6, rows), ["AT", "CH", "DE", "FR", "IT", "NL"]),
        "status": _labels(np.where(wrong(), 2, draw.random(rows) < 0.02), ["posted", "declined", "lost"]),
        "age": pa.array(age), "term": pa.array(term), "rate": pa.array(rate), "ltv": pa.array(ltv),
        "dti": pa.array(dti), "score": pa.array(score),
    }  # fmt: skip
    return _in_form(pa.table(columns), form)


def _in_form(table: pa.Table, form: str) -> pa.Table:
    for place, field in enumerate(table.schema):
        kind = field.type
        if form != "narrow" and pa.types.is_dictionary(kind):
            texts = table.column(place).cast(pa.string())
            table = table.set_column(
                place, field.name, texts.dictionary_encode() if form == "dictionary" else texts
            )
        if form != "narrow" and pa.types.is_timestamp(kind):
            table = table.set_column(
                place, field.name, table.column(place).cast(pa.timestamp("us", tz="UTC"))
            )
    return table


def _labels(codes: np.ndarray, texts: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(texts))
