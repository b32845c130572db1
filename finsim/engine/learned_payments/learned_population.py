"""The population of a learned world: entities, counterparties of the ledger, and sorts without a name.

Opening balances are in no ledger. They are set so that the ordinary life of an entity is never declined for
lack of funds (assumption): what its own payments need, and as much again as an overdraft or a card's limit;
accounts have beside it what simulated ones have at hand, in the ledger's money.
"""

from __future__ import annotations

import numpy as np

from finsim.agents.narratives.narrative_needs import SEEN_DAYS, Known
from finsim.agents.population.contacts import Contacts
from finsim.agents.population.first_seen import OLD_DAYS, is_new
from finsim.agents.population.merchants import ANYWHERE, Firms, Merchants
from finsim.agents.population.people import holders_of
from finsim.agents.population.population import Accounts, Population
from finsim.agents.population.shop_popularity import Catchment
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import BUSINESS, CARD, CURRENT, EXTERNAL, KINDS, OUTSIDE
from finsim.engine.injection.ledger_columns import ACCOUNTS, CARDS, SINGLE
from finsim.engine.learned_payments.entity_facts import EntityFacts
from finsim.engine.learned_payments.life_orders import NOBODY, SOMEBODY, Places, shop_categories
from finsim.engine.learned_payments.story_money import StoryMoney
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import Array, Int1D
from finsim.randomness import Streams

# assumption: the entities with the most partners, who together make two thirds of the rows, may trade.
_FIRM_ROWS, _FIRM_PARTNERS = 2 / 3, 5
_SPARE = 0.1  # assumption: what is at hand beyond the need, as a share of it
_GRAIN = 10_000  # balances and limits are whole hundreds
_MONTH = 30.0
# What simulated accounts have at hand, balance and limit, minor units (medians of 1,000 accounts); of the
# ledger's accounts nobody says which are firms, so all have the same.
_BALANCES = {CURRENT: (233_000, 80_000), CARD: (0, 774_000), BUSINESS: (233_000, 80_000)}
AT_HAND = np.array([sum(_BALANCES.get(kind, (0, 0))) for kind in range(len(KINDS))], dtype=np.int64)
_UNEVEN = 1.0  # assumption: s.d. of the logarithm of what is at hand beyond the need
_KINDS = {CURRENT: "current", CARD: "card", BUSINESS: "business"}


def learned_population(
    facts: EntityFacts, ledger: PaymentLedger, settings: Settings, streams: Streams
) -> Population:
    """Return the population of a world whose ordinary life has these facts."""
    entities = len(facts.need)
    places = Places.of(ledger, entities)
    kinds = np.full(places.total, EXTERNAL, dtype=np.int8)
    kinds[:entities] = entity_kinds(facts, ledger)
    own = streams.under("agents", "population")
    return Population(
        _accounts(kinds, facts, StoryMoney.of(facts, ledger), settings, own),
        holders_of(kinds), _firms(kinds, facts, settings),
        _merchants(facts, ledger, places, own), outside_of(facts, ledger, places), _contacts(kinds, facts),
        Catchment(1, np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0)),
    )  # fmt: skip


def entity_kinds(facts: EntityFacts, ledger: PaymentLedger) -> Array:
    """Return the kind of each entity: a card, a firm by its many partners, else a current account."""
    entities = len(facts.need)
    if ledger.layout == CARDS:
        return np.full(entities, CARD)
    kind = np.full(entities, CURRENT)
    rows = (facts.rows_out + facts.rows_in)[:entities]
    reach = np.maximum(facts.partners_out, facts.partners_in)[:entities]
    if ledger.layout == ACCOUNTS and ledger.has_shops:  # anybody buys at many shops
        reach = facts.partners_in[:entities]
    if ledger.layout == SINGLE:
        reach = np.maximum(reach, facts.rows_in[:entities])
    order = np.argsort(-reach, kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    firms = order[(before < _FIRM_ROWS * rows.sum()) & (reach[order] >= _FIRM_PARTNERS)]
    if len(firms) < entities:  # where every account has many partners, none is known to be a firm
        kind[firms] = BUSINESS
    return kind


def outside_of(facts: EntityFacts, ledger: PaymentLedger, places: Places) -> dict[str, Array]:
    """Return the positions of outside accounts by sort: the named ones, in statements those behind rows.

    A statement names nobody: anybody outside is one of those that stand behind its ordinary rows. Roles are
    cast by activity, so that a counter for cash too is found as often as the ledger has cash: were it always
    cash where that is rare, the account alone would tell the rows.
    Where every counterparty is an entity, a person outside is one of them (assumption).
    """
    outside = {name: np.zeros(0, dtype=np.int64) for name in OUTSIDE}
    if ledger.layout == SINGLE:
        behind = np.array(sorted(places.sorts.values()))
        behind = behind[(facts.rows_in + facts.rows_out)[behind] > 0]
        others = behind[behind != places.sorts["cash"]]
        outside |= {name: others for name in OUTSIDE if name not in ("cash", "fees", "merchant")}
        outside["cash"] = behind
    shops, named = (np.flatnonzero(one) + places.named for one in (ledger.shops, ~ledger.shops))
    if ledger.layout == ACCOUNTS and not len(named):
        named = np.arange(places.entities)
    for sort, rows in (("merchant", shops), (SOMEBODY, named)):
        outside[sort] = np.concatenate([rows, outside[sort]]).astype(np.int64)
    return outside


def known_of(facts: EntityFacts, ledger: PaymentLedger) -> Known:
    """Return what the ledger knows of those who may play a role."""
    kinds = entity_kinds(facts, ledger)
    places = Places.of(ledger, len(facts.need))
    outside = outside_of(facts, ledger, places)
    shops = places.named + np.flatnonzero(ledger.shops)
    behind = dict(outside)
    if ledger.layout == SINGLE:  # a counter for cash is known by its own rows alone
        behind["cash"] = np.array([places.sorts["cash"]])
    told = [SEEN_DAYS, "turnover", *([] if ledger.layout == SINGLE else ["degree"])]
    return Known(
        frozenset(word for code, word in _KINDS.items() if (kinds == code).any()),
        frozenset(name for name, rows in behind.items() if facts.rows_in[rows].any()),
        frozenset(name for name, rows in behind.items() if facts.rows_out[rows].any()),
        ledger.has_shops,
        bool(facts.rows_out[shops].any()),
        ledger.words.categories,
        frozenset(told),
        frozenset(["ticket", "popularity"]),
        frozenset(["business"]),
    )


def _accounts(
    kinds: Array, facts: EntityFacts, money: StoryMoney, settings: Settings, streams: Streams
) -> Accounts:
    total, entities = len(kinds), len(facts.need)
    start = np.datetime64(settings.start)
    opened = np.full(total, start - OLD_DAYS)
    late = is_new(facts.first[:entities], (facts.rows_out + facts.rows_in)[:entities], settings.days)
    opened[:entities][late] = start + facts.first[:entities][late]
    typical = int(np.median(facts.amounts)) if len(facts.amounts) else _GRAIN
    need = _rounded_up(facts.need * (1 + _SPARE) + typical)
    is_card = kinds[:entities] == CARD
    opening, limit = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
    owes = is_card | late
    uneven = money.scale * np.exp(_UNEVEN * streams.at("balances").standard_normal(entities))
    hand = np.array([_BALANCES[kind] for kind in kinds[:entities].tolist()]).reshape(-1, 2)
    hand = _rounded_up(np.where(is_card[:, None], 0, hand * uneven[:, None]))
    opening[:entities] = np.where(owes, 0, need + hand[:, 0])
    limit[:entities] = np.where(owes, 2 * need, need) + hand[:, 1]
    labels = streams.at("labels").permutation(total).astype(np.int64)
    return Accounts(
        100_001 + labels, 500_001 + np.arange(total), np.where(kinds == EXTERNAL, 0, 1).astype(np.int32),
        kinds, opening, limit, opened.astype("datetime64[D]"),
    )  # fmt: skip


def _rounded_up(sums: Array) -> Int1D:
    return (np.ceil(sums / _GRAIN) * _GRAIN).astype(np.int64)


def _firms(kinds: Array, facts: EntityFacts, settings: Settings) -> Firms:
    account = np.flatnonzero(kinds == BUSINESS)
    turnover = np.rint(facts.sum_in[account] * (_MONTH / settings.days)).astype(np.int64)
    return Firms(account, np.zeros(len(account), dtype=np.bool_), turnover)


def _contacts(kinds: Array, facts: EntityFacts) -> Contacts:
    """Return the number of partners of each person; who they are is not asked."""
    people = np.concatenate([np.flatnonzero(kinds == CURRENT), np.flatnonzero(kinds == CARD)])
    degree = facts.partners_out[people]
    return Contacts(np.concatenate([[0], np.cumsum(degree)]).astype(np.int64), np.zeros(0, dtype=np.int64))


def _merchants(facts: EntityFacts, ledger: PaymentLedger, places: Places, streams: Streams) -> Merchants:
    account = places.named + np.flatnonzero(ledger.shops)
    count = len(account)
    sold = facts.rows_in[account]
    usual = float(np.median(facts.amounts)) if len(facts.amounts) else 1.0
    mean = np.exp(facts.logs_in[account] / np.maximum(sold, 1))
    return Merchants(
        1_001 + streams.at("merchants").permutation(count).astype(np.int64), account.astype(np.int64),
        shop_categories(ledger)[:-1].astype(np.int8), np.where(sold > 0, mean, usual),
        np.full(count, 0.5), np.maximum(sold, 0.1).astype(np.float64), np.full(count, ANYWHERE),
        np.full(count, NOBODY),
    )  # fmt: skip
