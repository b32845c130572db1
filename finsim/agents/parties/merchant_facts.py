"""The table of merchants: what the shops of a population are, sell and are called."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.calendar.hours_of_day import PROFILE, hour_shares
from finsim.agents.parties.made_names import NAMES, country_of, place_names, town_column
from finsim.agents.population.merchants import Merchants, towns
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORIES
from finsim.notation import Array, Int1D
from finsim.randomness import Streams
from finsim.records.columns import coded
from finsim.records.parties.merchants import MERCHANT_SCHEMA

# Source of the codes: ISO 18245. assumption: which of them a shop of a category has, by its median sale:
# below so many minor units the first, and so on.
_SORTS: dict[str, tuple[tuple[float, int, str], ...]] = {
    "groceries": ((2_500, 5499, "Corner Shop"), (np.inf, 5411, "Market")),
    "restaurants": ((1_200, 5814, "Snacks"), (np.inf, 5812, "Kitchen")),
    "fuel": ((np.inf, 5541, "Filling Station"),),
    "transport": ((800, 4111, "Transit"), (2_500, 4121, "Cabs"), (np.inf, 4131, "Coaches")),
    "retail": ((2_500, 5331, "Variety Store"), (7_000, 5651, "Clothing"), (np.inf, 5732, "Electronics")),
    "online": ((2_500, 5942, "Books"), (6_000, 5969, "Direct"), (np.inf, 5964, "Catalogue")),
    "travel": ((12_000, 4722, "Travel"), (30_000, 7011, "Hotel"), (np.inf, 4511, "Airways")),
    "entertainment": ((2_000, 7832, "Cinema"), (5_000, 7922, "Tickets"), (np.inf, 7941, "Sports Club")),
    "health": ((5_000, 5912, "Pharmacy"), (12_000, 8021, "Dental Practice"), (np.inf, 8011, "Doctors")),
    "digital": ((400, 5817, "Apps"), (1_000, 5815, "Media"), (np.inf, 5816, "Games")),
}
_FLAT = [(category, *sort) for category in CATEGORIES for sort in _SORTS[category]]
_QUIET = 0.01
"""assumption: a counter is shut while an hour has less than so much of its category's working day."""


def merchants_table(population: Population, settings: Settings, streams: Streams) -> pa.Table:
    """Return the shops in ``MERCHANT_SCHEMA``, sorted by ``merchant_id``; the same in every scenario."""
    shops = population.merchants
    order = np.argsort(shops.merchant_id)
    sort = _sorts(shops)[order]
    opens, closes = _hours(shops)
    country = np.zeros(len(order), dtype=np.int32)
    columns = [
        pa.array(shops.merchant_id[order]),
        pa.array(population.accounts.account_id[shops.account[order]]),
        coded(shops.category[order], CATEGORIES),
        pa.array(np.array([mcc for _, _, mcc, _ in _FLAT], dtype=np.int32)[sort]),
        _names(sort, streams.under("agents", "parties").at("shops").integers(0, NAMES, len(order))[order]),
        town_column(shops.town[order], towns(settings)),
        coded(country, (country_of(settings.currency),)),
        pa.array(opens[order]),
        pa.array(closes[order]),
    ]
    return pa.Table.from_arrays(columns, schema=MERCHANT_SCHEMA)


def _sorts(shops: Merchants) -> Int1D:
    """Return the position in ``_FLAT`` of every shop: the first of its category above its median sale."""
    found = np.full(len(shops), -1, dtype=np.int64)
    for place, (category, below, _, _) in enumerate(_FLAT):
        fits = (found < 0) & (shops.category == CATEGORIES.index(category)) & (shops.ticket < below)
        found[fits] = place
    return found


def _names(sort: Int1D, place: Int1D) -> pa.DictionaryArray:
    whole, codes = np.unique(sort * NAMES + place, return_inverse=True)
    places = place_names(NAMES)
    words = [f"{places[one % NAMES]} {_FLAT[one // NAMES][3]}" for one in whole.tolist()]
    return coded(codes, tuple(words))


def _hours(shops: Merchants) -> tuple[Array, Array]:
    """Return from and until when every shop sells, by the hours that sales of its category have."""
    opens, closes = np.zeros(len(shops), dtype=np.int8), np.full(len(shops), 24, dtype=np.int8)
    counter = shops.online < 1.0
    for code, category in enumerate(CATEGORIES):
        mine = counter & (shops.category == code)
        opens[mine], closes[mine] = _open_hours(PROFILE[category])
    return opens, closes


def _open_hours(profile: int) -> tuple[int, int]:
    """Return first and last hour around the longest quiet run of the day; (0, 24) where no hour is quiet."""
    quiet = hour_shares(profile) < _QUIET
    lengths = [next((n for n in range(24) if not quiet[(hour + n) % 24]), 24) for hour in range(24)]
    shut = int(np.argmax(lengths))
    return ((shut + lengths[shut]) % 24, shut or 24) if lengths[shut] else (0, 24)
