"""A Bayesian vector autoregression of the economy: what follows for all variables when some are given.

``macro_history.py`` reads quarters, ``minnesota_prior.py`` and ``autoregression.py`` learn how they move
together, ``conditional_path.py`` answers a what-if, ``given_moves.py`` reads what is given, ``signs.py``
refuses an answer of the wrong sign and ``what_if.py`` puts them together.
"""
