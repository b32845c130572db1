"""How the command line is parsed: numbers as people write them, own words for every mistake, completion.

Verbs import ``number_options``, ``panels`` and ``completion``; ``main`` the rest.
"""
