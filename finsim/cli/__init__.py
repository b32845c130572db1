"""The command line: one file per verb.

A command is a short program of a few hundred thousand objects that live to its end: looking for garbage
while they are made costs a tenth of the start and finds none.
"""

import gc

gc.set_threshold(100_000, 20, 20)
