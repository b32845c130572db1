"""The entities of a ledger as the population that schemes are cast from; what it does not know stays empty.

Narratives write money in the units of the simulated world. The population speaks of money in these units too:
a merchant's ticket is told relative to the middle ticket of the ledger, and balances, which no ledger here
knows, are one assumed sum. ``scheme_money`` turns the amounts of a scheme into the ledger's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from finsim.agents.narratives.narrative_needs import SEEN_DAYS, Known
from finsim.agents.population.contacts import Contacts
from finsim.agents.population.first_seen import OLD_DAYS, is_new
from finsim.agents.population.merchants import ANYWHERE, Firms, Merchants
from finsim.agents.population.people import holders_of
from finsim.agents.population.population import Accounts, Population
from finsim.agents.population.shop_popularity import Catchment
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import BUSINESS, CARD, CATEGORIES, CATEGORY, CURRENT, EXTERNAL, OUTSIDE
from finsim.engine.injection.accounts.account_sorts import (
    SELLS,
    AccountSorts,
    many_partners,
    partners_but_sellers,
)
from finsim.engine.injection.accounts.purchase_payees import purchase_payees
from finsim.engine.injection.accounts.standing_payees import standing_payees
from finsim.engine.injection.entity_histories import NOBODY, Histories, cash_rows
from finsim.engine.injection.ledger_columns import ACCOUNTS, CARDS, SINGLE, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D
from finsim.tables.cells.stored import is_text

# assumption: what an account of the narratives' world has at hand, its limit, and the middle ticket there.
_AT_HAND, _LIMIT, _TICKET = 300_000, 200_000, 3_300.0
# assumption: a tenth of the merchants, those with the smallest tickets, count as cheap in any ledger.
_SMALL, _CHEAP = 2_900.0, 0.1
# assumption: the accounts with the most partners, who together make two thirds of the rows, may trade.
_FIRM_ROWS, _FIRM_PARTNERS = 2 / 3, 5
# assumption: rows of a member, fewer where entities of fewer rows make more of the ledger than a twentieth.
_LEAST_ROWS, _MOST_LEFT_OUT = 3, 0.05
_NO_BUYERS, _MOST_BUY = 3, 0.6  # assumption: partners of a firm, where so many accounts pay shops and it none
_CARD_ROWS = 0.9  # of the rows of an account that pays merchants alone
_MOST_WAIT = 30 * NANOS_PER_DAY  # assumption: an account without a row for so long is closed
LEAST_ENTITIES = 20
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LedgerPopulation:
    """A population and what its positions are in the sample: entities, merchants, -1 for neither.

    ``entity`` and ``shop`` have one element per account position. ``activity_out`` and ``activity_in`` are
    rows that it pays and is paid by. ``entities`` counts those of the whole table per sampled one.
    ``since`` and ``until`` ns: the life of an account, its first and last row and the usual wait between two.
    """

    population: Population
    entity: Int1D
    shop: Int1D
    activity_out: Float1D
    activity_in: Float1D
    last: Int1D
    entities: float
    settings: Settings
    known: Known
    sorts: AccountSorts
    since: Int1D
    until: Int1D

    @property
    def members(self) -> int:
        """Number of sampled entities that schemes may be cast from."""
        return int((self.entity >= 0).sum())

    def used(self, past: Histories) -> Bool1D:
        """Return bool[n], rows that are no wage, bill or cash of merchants that schemes do not pay."""
        return np.asarray((past.shop < 0) | np.isin(past.shop, self.shop[self.shop >= 0]))


def ledger_population(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, scale: int = 100,
    counted: Bool1D | None = None,
) -> LedgerPopulation:  # fmt: skip
    """Return the population of a ledger, from the entities whose histories the sample has whole.

    ``scale`` minor units make one unit of the amounts; ``counted`` bool[n] rows that tell how often a
    merchant is paid, all where it lacks.
    """
    rows = past.rows_out + past.rows_in
    sorts = AccountSorts.of(past, columns, sample.time)
    # They are the merchants; where none is named, those that pay buyers back are no persons either.
    sells = (sorts.sort == SELLS) & ((past.shop >= 0).any() | (sorts.is_mixed & (past.rows_out > 0)))
    standing, sells_standing = standing_payees(sample, past)
    able = past.whole & ~sells & sorts.is_cast() & ~standing
    members = np.flatnonzero(able & (rows >= least_rows(rows[past.whole])))
    shops = np.arange(past.shops)
    sales = past.shop >= 0 if counted is None else (past.shop >= 0) & counted
    sold = np.bincount(past.shop[sales], minlength=past.shops)
    free = (sold > 0) & ~sells_standing
    bought = free & purchase_payees(sample, past, columns, scale)
    shops = shops[bought if bought.any() else free if free.any() else sold > 0]
    kind = _kinds(past, members, columns, sorts, shops)
    paid, pays = _outside_sorts(sample, past, columns)
    named = tuple(name for name in OUTSIDE if name in paid | pays) if columns.layout == SINGLE else ()
    total = len(members) + len(shops) + len(named)
    entity, shop = np.full(total, NOBODY), np.full(total, NOBODY)
    entity[: len(members)] = members
    shop[len(members) : len(members) + len(shops)] = shops
    kinds = np.concatenate([kind, np.full(len(shops) + len(named), EXTERNAL)]).astype(np.int8)
    outside = {name: np.zeros(0, dtype=np.int64) for name in OUTSIDE}
    if columns.layout == ACCOUNTS:
        outside["person"] = _one_sided(past, members, kind, sorts)
    for place, name in enumerate(named):
        outside[name] = np.array([len(members) + len(shops) + place])
    settings = _settings(sample)
    accounts = _accounts(kinds, past, members, settings)
    bought_at = past if counted is None else replace(past, outgoing=past.outgoing & counted)
    merchants, categories = _merchants(sample, bought_at, shops, len(members), columns, sold)
    population = Population(
        accounts, holders_of(kinds), _firms(kinds, past, members), merchants, outside,
        _contacts(kinds, past, members),
        Catchment(1, np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0)),
    )  # fmt: skip
    sold_in = sold[shops].astype(np.float64)
    given_back = np.bincount(past.shop[past.refund], minlength=past.shops)[shops]
    rest = np.ones(len(named))
    return LedgerPopulation(
        population, entity, shop,
        np.concatenate([past.rows_out[members], given_back, rest]).astype(np.float64),
        np.concatenate([past.rows_in[members], sold_in, rest]).astype(np.float64),
        np.concatenate([past.last[members], np.full(len(shops) + len(named), 2**63 - 1)]),
        sample.entities / max(int(past.whole.sum()), 1), settings,
        _known(kinds, (paid, pays), columns, (bool(len(shops)), bool(given_back.any())), categories,
               past.has_names), sorts,
        *_lives(past, members, len(shops) + len(named)),
    )  # fmt: skip


def _lives(past: Histories, members: Int1D, others: int) -> tuple[Int1D, Int1D]:
    """Return from when to when accounts are used, int64[members + others] each; others are always.

    A purchase log's customers come and go as they like.
    """
    rows = (past.rows_out + past.rows_in)[members]
    first, last = past.first[members], past.last[members]
    wait = np.where(rows > 1, (last - first) // np.maximum(rows - 1, 1), _MOST_WAIT)
    wait = np.clip(wait, NANOS_PER_DAY, _MOST_WAIT)
    ever = np.full(others, 2**63 - 1)
    if past.is_log:
        ever = np.full(len(members) + others, 2**63 - 1)
        return -ever, ever
    return np.concatenate([first - wait, -ever]), np.concatenate([last + wait, ever])


def least_rows(rows: Int1D) -> int:
    """Return how many rows an entity has at least that schemes are cast from: three, or fewer.

    Where customers of one or two purchases make much of a ledger, schemes among others alone would be told by
    how often their customers buy. A ledger of such customers alone is none. ``rows`` : of each entity.
    """
    if (rows >= _LEAST_ROWS).sum() < LEAST_ENTITIES:
        return _LEAST_ROWS
    for least in range(_LEAST_ROWS, 1, -1):
        if rows[rows < least].sum() <= _MOST_LEFT_OUT * rows.sum():
            return least
    return 1


def _settings(sample: LedgerSample) -> Settings:
    start = date(1970, 1, 1) + timedelta(days=sample.first_day)
    return Settings(accounts=200, banks=1, start=start, days=len(sample.daily), narratives=())


def _kinds(
    past: Histories, members: Int1D, columns: LedgerColumns, sorts: AccountSorts, shops: Int1D
) -> Array:
    """Return the kind of each entity: a card, a firm by its many partners, an account that never pays.

    Where shops are accounts too, a firm is one that has many partners who are none.
    """
    if columns.layout == CARDS or past.is_log:
        return np.full(len(members), CARD)
    kind = np.full(len(members), CURRENT)
    rows = (past.rows_out + past.rows_in)[members]
    reach = np.maximum(past.partners_in, past.partners_out)[members]
    if columns.layout == SINGLE:
        reach = np.maximum(reach, past.rows_in[members])
    least = _FIRM_PARTNERS
    if sorts.is_mixed and (past.shop >= 0).any():
        reach = np.maximum(*partners_but_sellers(past, sorts.sort))[members]
        least = many_partners(reach)
    order = np.argsort(-reach, kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    firms = order[(before < _FIRM_ROWS * rows.sum()) & (reach[order] >= least)]
    kind[firms] = BUSINESS
    if columns.layout == ACCOUNTS:
        to_shops = np.bincount(past.payer[past.outgoing & (past.shop >= 0)], minlength=past.count)[members]
        pays_shops = (past.rows_out[members] > 0) & (to_shops >= _CARD_ROWS * past.rows_out[members])
        bought = past.payer[past.outgoing & np.isin(past.shop, shops)]
        buys = np.bincount(bought, minlength=past.count)[members] > 0
        _with_buyers(kind, buys, (past.rows_out[members] > 0) & (reach >= _NO_BUYERS))
        kind[pays_shops & ~(past.has_names & (past.rows_in[members] > 0))] = CARD
        kind[(past.rows_out[members] == 0) | past.external[members]] = EXTERNAL
    return kind


def _with_buyers(kind: Array, buys: Bool1D, busy: Bool1D) -> None:
    """Write who is a firm where most accounts pay shops: those of several partners that never do."""
    busy = busy & np.isin(kind, (CURRENT, BUSINESS))
    firms = busy & ~buys
    if firms.sum() >= _NO_BUYERS and (busy & buys).sum() >= _MOST_BUY * busy.sum():
        kind[busy] = np.where(firms, BUSINESS, CURRENT)[busy]


def _outside_sorts(
    sample: LedgerSample, past: Histories, columns: LedgerColumns
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the sorts of outside accounts that the table pays, and those that it is paid by.

    A single-sided ledger names nobody: anybody may stand behind its rows of a direction, and cash where a
    row of that direction says so. Between accounts it is persons, by accounts that do one of both alone.
    """
    if columns.layout == ACCOUNTS:
        person = frozenset(["person"])
        paid, pays = past.rows_out == 0, past.rows_in == 0
        if past.external.any():
            paid, pays = past.external & (past.rows_in > 0), past.external & (past.rows_out > 0)
        return person if paid.any() else NONE, person if pays.any() else NONE
    if columns.layout != SINGLE or past.is_log:
        return NONE, NONE
    taken = {part.at for part in columns.parts.values()}
    cash = np.zeros(len(past.outgoing), dtype=np.bool_)
    for at, field in enumerate(sample.cells.schema):
        if at not in taken and is_text(field.type):
            cash |= cash_rows(sample.cells.column(at))
    found = []
    for rows in (past.outgoing, ~past.outgoing & (past.size > 0)):
        anybody = frozenset(OUTSIDE) - {"cash", "fees", "merchant"} if rows.any() else NONE
        found.append(anybody | {"cash"} if (cash & rows).any() else anybody)
    return found[0], found[1]


def _one_sided(past: Histories, members: Int1D, kind: Array, sorts: AccountSorts) -> Int1D:
    """Return the positions of accounts that never pay, and of those that are never paid and no cards.

    Those that sell are among them where all accounts do; else one of the accounts stands for a person outside
    where none that never pays is a person. So it does where those are paid on a day of the month.
    """
    never_paid = (past.rows_in[members] == 0) & (kind != CARD)
    quiet = (kind == EXTERNAL) & (sorts.sort[members] != SELLS)
    if past.external[members].any():
        beyond = past.external[members] & quiet
        return np.flatnonzero(beyond if beyond.any() else past.external[members])
    if sorts.aside or (sorts.is_mixed and not quiet.any() and (kind == CURRENT).any()):
        return np.flatnonzero(quiet | (kind == CURRENT))
    return np.flatnonzero((quiet if quiet.any() else kind == EXTERNAL) | never_paid)


def _accounts(kinds: Array, past: Histories, members: Int1D, settings: Settings) -> Accounts:
    total = len(kinds)
    external: Bool1D = kinds == EXTERNAL
    start = np.datetime64(settings.start)
    opened = np.full(total, start - OLD_DAYS)
    seen = (past.first[members] - settings.start_ns) // NANOS_PER_DAY
    late = is_new(seen, (past.rows_out + past.rows_in)[members], settings.days)
    opened[: len(members)][late] = start + seen[late]
    numbers = np.arange(total, dtype=np.int64)
    return Accounts(
        numbers, numbers, np.where(external, 0, 1).astype(np.int32), kinds,
        np.where(external, 0, _AT_HAND).astype(np.int64), np.where(external, 0, _LIMIT).astype(np.int64),
        opened.astype("datetime64[D]"),
    )  # fmt: skip


def _firms(kinds: Array, past: Histories, members: Int1D) -> Firms:
    account = np.flatnonzero(kinds == BUSINESS)
    turnover = np.rint(past.sum_in[members[account]]).astype(np.int64)
    return Firms(account, np.zeros(len(account), dtype=np.bool_), turnover)


def _contacts(kinds: Array, past: Histories, members: Int1D) -> Contacts:
    """Return the number of partners of each person; who they are is not asked."""
    people = np.concatenate([np.flatnonzero(kinds == CURRENT), np.flatnonzero(kinds == CARD)])
    degree = past.partners_out[members[people]]
    return Contacts(np.concatenate([[0], np.cumsum(degree)]).astype(np.int64), np.zeros(0, dtype=np.int64))


def _merchants(
    sample: LedgerSample, past: Histories, shops: Int1D, first: int, columns: LedgerColumns, sold: Int1D
) -> tuple[Merchants, frozenset[str]]:
    """Return the merchants with tickets relative to the middle one, and the categories that are known.

    ``sold`` int64[M]: how often each is paid.
    """
    paid = past.outgoing & (past.shop >= 0)
    tickets = pd.Series(past.size[paid]).groupby(past.shop[paid]).median()
    middle = float(np.median(past.size[paid])) if paid.any() else 1.0
    ticket = tickets.reindex(shops).fillna(middle).to_numpy() * (_TICKET / middle)
    ticket *= min(1.0, _SMALL / max(float(np.quantile(ticket, _CHEAP)), 1e-9)) if len(ticket) else 1.0
    category, known = _categories(sample, past, shops, columns)
    count = len(shops)
    return (
        Merchants(
            shops, first + np.arange(count), category, ticket, np.full(count, 0.5),
            sold[shops].astype(np.float64), np.full(count, ANYWHERE), np.full(count, NOBODY),
        ),
        known,
    )  # fmt: skip


def _categories(
    sample: LedgerSample, past: Histories, shops: Int1D, columns: LedgerColumns
) -> tuple[Array, frozenset[str]]:
    """Return the category code of each shop where a column has finsim's words, and the words that occur.

    The column is that of the role category, any one of text where none has it.
    """
    part = columns.parts.get("category")
    for column in sample.cells.columns if part is None else [sample.cells.column(part.at)]:
        if not is_text(column.type):
            continue
        words = column.to_pandas().astype(str)
        hits = set(words.unique()) & set(CATEGORIES)
        if len(hits) >= 2:
            inside = (past.shop >= 0) & words.isin(hits).to_numpy()
            usual = words[inside].groupby(past.shop[inside]).agg(lambda one: one.mode().iloc[0])
            found = usual.map(CATEGORY).reindex(shops)
            return found.fillna(-1).to_numpy().astype(np.int8), frozenset(hits)
    return np.zeros(len(shops), dtype=np.int8), frozenset()


def _known(
    kinds: Array, outside: tuple[frozenset[str], frozenset[str]], columns: LedgerColumns,
    shops: tuple[bool, bool], categories: frozenset[str], has_names: bool = False,
) -> Known:  # fmt: skip
    words = {CURRENT: "current", CARD: "card", BUSINESS: "business"}
    facts = (SEEN_DAYS, "turnover") if columns.layout == SINGLE else (SEEN_DAYS, "turnover", "degree")
    return Known(
        frozenset(word for code, word in words.items() if (kinds == code).any()),
        *outside,
        *shops,
        categories,
        frozenset(facts),
        frozenset(["ticket", "popularity"]),
        frozenset(["business"]),
        frozenset(["current"]) if has_names else NONE,
    )
