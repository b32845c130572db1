"""All tables of those who stand behind the payments of a simulated world."""

from __future__ import annotations

import pyarrow as pa

from finsim.agents.parties.address_facts import addresses_table
from finsim.agents.parties.credit_line_facts import credit_lines_table
from finsim.agents.parties.customer_facts import customers_table
from finsim.agents.parties.fx_rates import fx_rates_table
from finsim.agents.parties.merchant_facts import merchants_table
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.randomness import Streams


def party_tables(population: Population, settings: Settings, streams: Streams) -> dict[str, pa.Table]:
    """Return the tables of ``PARTY_SCHEMAS`` by name: the same for every scenario of a study."""
    return {
        "customers": customers_table(population, settings, streams),
        "addresses": addresses_table(population, settings, streams),
        "credit_lines": credit_lines_table(population, settings, streams),
        "merchants": merchants_table(population, settings, streams),
        "fx_rates": fx_rates_table(settings, streams),
    }
