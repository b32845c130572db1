"""The public verbs, one file each: what ``finsim`` exports and what the command line calls.

Others may import every verb; ``argument_checks``, ``shipped_names`` and ``progress`` serve them and the
command line.
"""

import finsim.report

# The room of that name stands in the way of the function ``finsim.report`` from its first import on.
if finsim.report is finsim.__dict__.get("report"):
    del finsim.report
