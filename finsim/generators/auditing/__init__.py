"""Audit of differentially private training: canaries planted by coin, and what right guesses prove.

Others may import every file here; it stands above ``privacy`` and ``training``.
"""
