"""The table of accounts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.population.population import Population
from finsim.agents.vocabulary import KINDS
from finsim.notation import Dates1D, Int1D
from finsim.records.columns import coded
from finsim.records.parties.customers import NO_CUSTOMER
from finsim.records.transactions import ACCOUNT_SCHEMA


def accounts_table(
    population: Population, joint: Int1D | None = None, dormant: Dates1D | None = None
) -> pa.Table:
    """Return the accounts in ``records.transactions.ACCOUNT_SCHEMA``, sorted by ``account_id``.

    ``joint`` int64[A]: second holders, ``dormant`` datetime64[A]: since when accounts lie still, NaT for not;
    by position. Nobody and never without.
    """
    accounts = population.accounts
    order = np.argsort(accounts.account_id)
    second = np.full(len(order), NO_CUSTOMER, dtype=np.int64) if joint is None else joint[order]
    still = np.full(len(order), np.datetime64("NaT", "D")) if dormant is None else dormant[order]
    columns = [
        pa.array(accounts.account_id[order]),
        pa.array(accounts.customer_id[order]),
        pa.array(accounts.bank[order]),
        coded(accounts.kind[order], KINDS),
        pa.array(accounts.opening[order]),
        pa.array(accounts.overdraft[order]),
        pa.array(accounts.opened[order]),
        pa.array(second),
        pa.array(still.astype("datetime64[us]"), mask=np.isnat(still)),
    ]
    return pa.Table.from_arrays(columns, schema=ACCOUNT_SCHEMA)
