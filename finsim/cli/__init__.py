"""The command line: one file per verb.

A command is a short program of a few hundred thousand objects that live to its end (107,000 for a check of a
small table): looking for garbage while they are made costs a tenth of the start and finds none. Pydantic asks
every package that is installed for plugins, which nothing here uses: that is a twentieth of the start, and
more the more there are.
"""

import gc
import os

gc.set_threshold(400_000, 20, 20)
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
