"""Firms of the world and the shops people buy from, inside and outside its banks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORIES
from finsim.notation import Array, Bool1D, Cents1D, Float1D, Int1D

# assumption: by category: share of shops, median ticket in USD, log-sd of the ticket between shops, share of
# online sales, share of shops that sell everywhere rather than in one town.
_SHOPS: dict[str, tuple[float, float, float, float, float]] = {
    "groceries": (0.14, 36.0, 0.45, 0.04, 0.25),
    "restaurants": (0.26, 18.0, 0.50, 0.12, 0.10),
    "fuel": (0.08, 40.0, 0.20, 0.00, 0.30),
    "transport": (0.05, 5.5, 0.60, 0.45, 0.30),
    "retail": (0.18, 34.0, 0.75, 0.10, 0.20),
    "online": (0.11, 33.0, 0.85, 1.00, 1.00),
    "travel": (0.04, 170.0, 0.80, 0.80, 0.80),
    "entertainment": (0.06, 23.0, 0.60, 0.45, 0.30),
    "health": (0.05, 36.0, 0.60, 0.08, 0.10),
    "digital": (0.03, 4.6, 0.65, 1.00, 1.00),
}  # fmt: skip
_OUTSIDE_SHARE = (0.09, 0.10, 0.08, 0.08, 0.16, 0.22, 0.08, 0.06, 0.03, 0.10)
ANYWHERE = -1


@dataclass(frozen=True)
class Firms:
    """Businesses and merchants that bank in the world: shape [F].

    ``sells`` marks merchants; ``turnover`` minor units per month.
    """

    account: Int1D
    sells: Bool1D
    turnover: Cents1D

    def __len__(self) -> int:
        """Return the number of firms."""
        return len(self.account)


@dataclass(frozen=True)
class Merchants:
    """Shops: shape [M]; ``merchant_id`` is a random label.

    ``account``: position of the account that is paid. ``category``: code of ``CATEGORIES``. ``ticket``:
    median sale in minor units. ``online``: share of card-not-present sales. ``popularity``: purchases
    to expect per month, or that were seen in a ledger. ``town``: town code or ``ANYWHERE``. ``firm``:
    position in ``Firms`` or -1.
    """

    merchant_id: Int1D
    account: Int1D
    category: Array
    ticket: Float1D
    online: Float1D
    popularity: Float1D
    town: Array
    firm: Int1D

    def __len__(self) -> int:
        """Return the number of shops."""
        return len(self.merchant_id)


def towns(settings: Settings) -> int:
    """Return the number of towns: one per 2,500 accounts, at most 200 (assumption)."""
    return min(200, max(1, settings.accounts // 2_500))


def build_firms(account: Int1D, sells: Bool1D, settings: Settings, rng: np.random.Generator) -> Firms:
    """Draw the firms that hold ``account``; turnover has median 24,000 USD a month (assumption)."""
    turnover = 2_400_000 * np.exp(rng.normal(0.0, 1.1, len(account)))
    return Firms(account.astype(np.int64), sells, np.rint(turnover).astype(np.int64))


def build_merchants(firms: Firms, outside: Int1D, settings: Settings, rng: np.random.Generator) -> Merchants:
    """Draw the shops: one per selling firm, and one per outside merchant account (chains, web shops).

    Popularity follows a Pareto law (assumption: tail exponent 1.3, chains five times as popular).
    """
    local = np.flatnonzero(firms.sells)
    share = np.array([_SHOPS[name][0] for name in CATEGORIES])
    near = rng.choice(len(CATEGORIES), size=len(local), p=share / share.sum())
    away = rng.choice(len(CATEGORIES), size=len(outside), p=_OUTSIDE_SHARE)
    # Every category has at least four shops outside, so no purchase is without a seller.
    away[: 4 * len(CATEGORIES)] = np.arange(4 * len(CATEGORIES)) % len(CATEGORIES)
    category = np.concatenate([near, away]).astype(np.int8)
    facts = np.array([_SHOPS[name] for name in CATEGORIES])[category]
    count = len(category)
    inside = np.arange(count) < len(local)
    popularity = (rng.pareto(1.3, count) + 0.3) * np.where(inside, 1.0, 5.0)
    everywhere = rng.random(count) < np.where(inside, facts[:, 4], 0.5 + 0.5 * facts[:, 4])
    everywhere[len(local) : len(local) + 4 * len(CATEGORIES)] = True
    town = np.where(everywhere, ANYWHERE, rng.integers(0, towns(settings), count))
    online = np.clip(facts[:, 3] + rng.normal(0.0, 0.05, count) * (facts[:, 3] > 0), 0.0, 1.0)
    return Merchants(
        merchant_id=1_001 + rng.permutation(count).astype(np.int64),
        account=np.concatenate([firms.account[local], outside]).astype(np.int64),
        category=category,
        ticket=100 * facts[:, 1] * np.exp(facts[:, 2] * rng.standard_normal(count)),
        online=np.where(facts[:, 3] >= 1.0, 1.0, online),
        popularity=popularity,
        town=town.astype(np.int16),
        firm=np.concatenate([local, np.full(len(outside), -1)]).astype(np.int64),
    )
