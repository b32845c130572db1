"""Kernels of event generators: active days, payments, scores, and the layers and walk of the network."""
