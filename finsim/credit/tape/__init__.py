"""Loan tapes: which column plays which role, what its cells mean, and what was taken as what."""

from finsim.credit.tape.facts import ColumnFact, Tape
from finsim.credit.tape.mapping import Declared, Mapping, mapping_of
from finsim.credit.tape.reading import read_tape
from finsim.credit.tape.roles import ROLES, column_name

__all__ = ["ROLES", "ColumnFact", "Declared", "Mapping", "Tape", "column_name", "mapping_of", "read_tape"]
