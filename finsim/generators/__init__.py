"""Generators of sequences, events and tables: the catalogues of the room.

To add one: a file with a class that keeps the contract of its kind (``generator.py``,
``events/event_generator.py``, ``tables/table_generator.py``), and one line here; the contract suite of the
tests then runs on it. torch lives only in this room.
"""

from finsim.catalog import Catalog, Entry

GENERATORS = Catalog(
    "generator",
    {
        "bootstrap": Entry(
            "finsim.generators.bootstrap:Bootstrap",
            "stationary block bootstrap (Politis & Romano 1994), the baseline all must beat",
        ),
        "daily_flow": Entry(
            "finsim.generators.daily.daily_flow:DailyFlow",
            "volatility state per asset and a flow over one day's vector, any length, any number of paths",
            "learn",
        ),
        "flow": Entry(
            "finsim.generators.flow.flow:Flow",
            "rectified-flow transformer with prefix masks and slow memory, any length",
            "learn",
        ),
        "garch": Entry(
            "finsim.generators.classical.garch:Garch",
            "GJR-GARCH with t innovations per series, filtered residuals drawn day by day; no torch",
            "markets",
        ),
        "rcgan": Entry(
            "finsim.generators.comparison.rcgan:Rcgan",
            "recurrent conditional GAN (Esteban et al. 2017); to compare with, no better than noise",
            "learn",
        ),
        "regime": Entry(
            "finsim.generators.classical.regime:Regime",
            "Markov switching between regimes of volatility, real days of each; it copies, no torch",
        ),
        "timegan": Entry(
            "finsim.generators.timegan.timegan:TimeGan",
            "TimeGAN (Yoon et al. 2019) in our own scale; windows of levels; of bars no better than noise",
            "learn",
        ),
        "timevae": Entry(
            "finsim.generators.comparison.timevae:TimeVae",
            "variational autoencoder of windows (Desai et al. 2021); to compare with, no better than noise",
            "learn",
        ),
        "var": Entry(
            "finsim.generators.classical.var:Var",
            "vector autoregression (Sims 1980), residuals drawn day by day; no clustering, no torch",
        ),
    },
)

EVENT_GENERATORS = Catalog(
    "generator of events",
    {
        "events": Entry(
            "finsim.generators.events.network.events_network:Events",
            "recurrent network over events; a learned entity may show a little; from some 10,000 rows on",
            "learn",
        ),
        "habits": Entry(
            "finsim.generators.events.habits:Habits",
            "profiles, silences, payees and amounts by counting; from 50 entities to 10^7 events, no torch",
        ),
        "resample": Entry(
            "finsim.generators.events.resample:Resample",
            "whole entities drawn again, copies by design: the baseline that all must beat, any size",
        ),
    },
)
TABLE_GENERATORS = Catalog(
    "generator of tables",
    {
        "bayes": Entry(
            "finsim.generators.tables.bayes:Bayes",
            "Bayesian network with tree-structured laws; 200 to 10^6 rows, seconds to fit, no torch",
        ),
        "copula": Entry(
            "finsim.generators.tables.copula:Copula",
            "Gaussian copula of mixed columns, latent correlations; 100 to 10^7 rows, seconds, no torch",
            "learn",
        ),
        "resample_rows": Entry(
            "finsim.generators.tables.resample:ResampleRows",
            "rows of the table drawn again: the baseline, it copies; any size",
        ),
        "tabular": Entry(
            "finsim.generators.tables.tabular.tabular:Tabular",
            "any-order network over discretized columns; 1,000 to 10^6 rows, minutes to fit",
            "learn",
        ),
    },
)

BARS_DEFAULT = "daily_flow"
"""What learns bars where no generator is named."""

BARS_PRIVATE = "flow"
"""What learns bars under an epsilon where no generator is named: the default has no private training."""

TABLE_DEFAULT = "bayes"
"""What learns a table where no generator is named."""

BY_KIND = {"bars": GENERATORS, "events": EVENT_GENERATORS, "table": TABLE_GENERATORS}
"""Kind of data -> the generators that learn it; a name stands in one of them only."""

ALL_GENERATORS = Catalog(
    "generator", {name: listed.entry(name) for listed in BY_KIND.values() for name in listed}
)
"""The generators of every kind, for lists and messages."""


def kind_of_generator(name: str) -> str:
    """Return the kind of data that a listed generator learns: bars, events or table."""
    return next(kind for kind, listed in BY_KIND.items() if name in listed)


__all__ = [
    "ALL_GENERATORS",
    "BARS_DEFAULT",
    "BARS_PRIVATE",
    "BY_KIND",
    "EVENT_GENERATORS",
    "GENERATORS",
    "TABLE_DEFAULT",
    "TABLE_GENERATORS",
    "kind_of_generator",
]
