"""Loan tapes: which column plays which role, what its cells mean, and what was taken as what."""

from finsim.credit.tape.facts import ColumnFact, Tape
from finsim.credit.tape.mapping import Declared, Mapping, mapping_of
from finsim.credit.tape.reading import read_tape

__all__ = ["ColumnFact", "Declared", "Mapping", "Tape", "mapping_of", "read_tape"]
