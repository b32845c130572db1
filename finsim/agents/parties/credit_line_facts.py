"""The table of credit lines: accounts that may go below 0, how far, since when and at which rate."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CARD, CURRENT
from finsim.randomness import Streams
from finsim.records.columns import coded
from finsim.records.fixed_words import LINE_KINDS
from finsim.records.parties.credit_lines import CREDIT_LINE_SCHEMA

# assumption: mean rate of interest a year and its standard deviation by kind, in the order of LINE_KINDS; in
# quarters of a percent. No interest is booked.
_RATE, _SPREAD = (0.20, 0.20, 0.12), (0.03, 0.03, 0.02)
_STEP, _LEAST, _MOST = 0.0025, 0.04, 0.36
_OVERDRAFT, _CARD, _BUSINESS = range(len(LINE_KINDS))


def credit_lines_table(population: Population, settings: Settings, streams: Streams) -> pa.Table:
    """Return the lines in ``CREDIT_LINE_SCHEMA``, sorted by ``account_id``; the same in every scenario.

    A card's line is as old as the card account. assumption: others were granted at any time between the
    opening of the account and the beginning of the period.
    """
    accounts = population.accounts
    rng = streams.under("agents", "parties").at("credit_lines")
    draw, share = rng.standard_normal(len(accounts)), rng.random(len(accounts))
    held = np.flatnonzero(accounts.overdraft > 0)
    held = held[np.argsort(accounts.account_id[held])]
    kind = np.where(
        accounts.kind[held] == CARD, _CARD, np.where(accounts.kind[held] == CURRENT, _OVERDRAFT, _BUSINESS)
    )
    rate = np.array(_RATE)[kind] + np.array(_SPREAD)[kind] * draw[held]
    opened = accounts.opened[held]
    age = np.maximum((np.datetime64(settings.start, "D") - opened).astype(np.int64), 0)
    waited = np.where(kind == _CARD, 0, (age * share[held]).astype(np.int64))
    columns = [
        pa.array(accounts.account_id[held]),
        pa.array(accounts.customer_id[held]),
        coded(kind, LINE_KINDS),
        pa.array(accounts.overdraft[held]),
        pa.array(np.maximum(-accounts.opening[held], 0)),
        pa.array(np.clip(np.rint(rate / _STEP), _LEAST / _STEP, _MOST / _STEP) * 25 / 10_000),
        pa.array((opened + waited).astype("datetime64[us]")),
    ]
    return pa.Table.from_arrays(columns, schema=CREDIT_LINE_SCHEMA)
