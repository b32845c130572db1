"""Tables of what banks saw, and of who had a part in schemes, from what the watch has kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.agents.observed.found_rows import NEVER, Log
from finsim.agents.observed.scheme_parts import SchemeParts
from finsim.agents.population.population import Accounts
from finsim.kernels.ledger import NEVER as NEVER_BLOCKED
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D, Nanos1D
from finsim.records.columns import DAY, coded
from finsim.records.fixed_words import ALERT_OUTCOMES, ALERT_RULES, REPORT_KINDS, REPORT_OUTCOMES
from finsim.records.parties.observed import ACCOUNT_LABEL_SCHEMA, ALERT_SCHEMA, REPORT_SCHEMA


@dataclass
class Standing:
    """What happened to each pair of scheme and account so far, shape [P]; instants ns, NEVER for none.

    ``first_part``: first payment in which it is in on it; ``first_act``: the first that monitoring sees;
    ``first_loss``: first fraud that it paid as a victim; ``trigger``: payment of the alert, with its channel.
    """

    first_part: Nanos1D
    first_act: Nanos1D
    first_loss: Nanos1D
    trigger: Int1D
    frauds: Bool1D
    launders: Bool1D

    @staticmethod
    def fresh(pairs: int) -> Standing:
        """Return the standing before the first payment."""
        never = np.full(pairs, NEVER, dtype=np.int64)
        marks = np.zeros(pairs, dtype=np.bool_)
        return Standing(
            never, never.copy(), never.copy(), np.zeros(pairs, dtype=np.int64), marks, marks.copy()
        )


def days(instants: Nanos1D) -> pa.Array:
    """Return the calendar days of instants in ns, null for NEVER."""
    never = instants == NEVER
    day = np.where(never, 0, instants - instants % NANOS_PER_DAY) // 1_000
    return pa.array(day, mask=never).cast(DAY)


def observed_tables(
    accounts: Accounts, parts: SchemeParts, state: Standing, log: Log, blocked: Nanos1D
) -> dict[str, pa.Table]:
    """Return the tables of ``records.parties.party_tables.OBSERVED`` by name.

    ``blocked`` are the instants of blocks by account; empty where nobody is blocked.
    """
    alerts, reports = log.alerts.whole(), log.reports.whole()
    whose = accounts.account_id[alerts["account"]]
    listed = [
        np.arange(len(whose)), alerts["tx_id"], whose, accounts.bank[alerts["account"]],
        coded(alerts["rule"], ALERT_RULES), days(alerts["raised"]), days(alerts["case"]),
        coded(alerts["outcome"], ALERT_OUTCOMES), days(alerts["closed"]),
    ]  # fmt: skip
    whose = accounts.account_id[reports["account"]]
    claimed = [
        np.arange(len(whose)), reports["tx_id"], whose, accounts.bank[reports["account"]],
        coded(reports["kind"], REPORT_KINDS), days(reports["reported"]),
        coded(reports["outcome"], REPORT_OUTCOMES), days(reports["closed"]), reports["claimed"],
    ]  # fmt: skip
    return {
        "alerts": _table(listed, ALERT_SCHEMA),
        "reports": _table(claimed, REPORT_SCHEMA),
        "account_labels": _account_labels(accounts, parts, state, (log.named, blocked)),
    }


def _account_labels(
    accounts: Accounts, parts: SchemeParts, state: Standing, told: tuple[Nanos1D, Nanos1D]
) -> pa.Table:
    size = len(accounts)
    named = told[0]
    blocked = np.full(size, NEVER, dtype=np.int64)
    blocked[: len(told[1])] = np.where(told[1] < NEVER_BLOCKED, told[1], NEVER)
    mine = np.flatnonzero(parts.is_illicit)
    account, loses = parts.account[mine], state.first_loss[mine]
    started = np.minimum(loses, state.first_part[mine])
    first = np.full(size, NEVER, dtype=np.int64)
    np.minimum.at(first, account, started)
    schemes = np.bincount(account[started < NEVER], minlength=size)

    def marked(marks: Array) -> Bool1D:
        found = np.zeros(size, dtype=np.bool_)
        found[account[marks]] = True
        return found

    is_victim, is_fraud = marked(loses < NEVER), marked(state.frauds[mine])
    is_laundering = marked(state.launders[mine])
    at = np.flatnonzero((schemes > 0) | (np.minimum(named, blocked) < NEVER))
    at = at[np.argsort(accounts.account_id[at])]
    columns = [
        accounts.account_id[at], accounts.customer_id[at], is_victim[at], is_fraud[at], is_laundering[at],
        schemes[at], days(first[at]), days(named[at]),
        days(blocked[at]),
    ]  # fmt: skip
    return _table(columns, ACCOUNT_LABEL_SCHEMA)


def _table(columns: list[Array | pa.Array], schema: pa.Schema) -> pa.Table:
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
