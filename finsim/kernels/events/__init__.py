"""Kernels of event generators: active days, payments of a life, scores of the normal law."""
