"""Check tables and streams against a rule pack: the names that programs outside of finsim import."""

from finsim.constraints.checking.check import check, check_batches

__all__ = ["check", "check_batches"]
