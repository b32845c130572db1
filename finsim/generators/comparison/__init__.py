"""Published kinds of generators of windows, kept small, to be compared with: ``rcgan`` and ``timevae``."""
