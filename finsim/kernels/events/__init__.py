"""Kernels of event generators: days and payments of habits; memory, layers and walk of the network."""
