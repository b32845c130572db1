"""Sequence generators: float arrays in, float arrays out; the catalogue of the room.

To add one: a file with a class that keeps the contract of ``generator.py``, and one line here; the
contract suite of the tests then runs on it. torch lives only in this room.
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

__all__ = ["GENERATORS"]
