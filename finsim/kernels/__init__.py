"""Numba kernels: arrays in, arrays out; no I/O, no exceptions, no finsim types."""
