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
        "flow": Entry(
            "finsim.generators.flow.flow:Flow",
            "rectified-flow transformer with prefix masks and slow memory, any length",
            "learn",
        ),
        "timegan": Entry(
            "finsim.generators.timegan.timegan:TimeGan",
            "TimeGAN (Yoon et al. 2019): five recurrent networks, windows of fixed length",
            "learn",
        ),
    },
)

EVENT_GENERATORS = Catalog(
    "generator of events",
    {
        "events": Entry(
            "finsim.generators.events.network.events_network:Events",
            "recurrent network over events, field by field, told of its entity; from some 10,000 rows on",
            "learn",
        ),
    },
)
TABLE_GENERATORS = Catalog("generator of tables", {})

BY_KIND = {"bars": GENERATORS, "events": EVENT_GENERATORS, "table": TABLE_GENERATORS}
"""Kind of data -> the generators that learn it; a name stands in one of them only."""

__all__ = ["BY_KIND", "EVENT_GENERATORS", "GENERATORS", "TABLE_GENERATORS"]
