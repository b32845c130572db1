"""Fit the encoding of a flow: the names that programs outside of finsim import."""

from finsim.generators.flow.encoding_fit import Choices, fit_encoding

__all__ = ["Choices", "fit_encoding"]
