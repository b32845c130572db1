"""The market model: a generator fitted on prices, sampled as bars, trained under rules.

Others import ``fit_and_sample`` and ``training_rules``.
"""
