"""Kernels of the event network: memory of counterparties, layers, the walk over events."""
