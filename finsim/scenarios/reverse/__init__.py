"""The tail turned round: which moves are the most plausible ones that break a limit.

``prior_law.py`` says how drivers move together, ``design_points.py`` finds the nearest breaches,
``importance_sampling.py`` estimates how probable a breach is, ``breach_text.py`` writes one as a file.
"""
