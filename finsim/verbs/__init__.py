"""The public verbs, one file each: what ``finsim`` exports and what the command line calls.

Others may import every verb; ``progress`` and ``given`` serve the verbs alone.
"""
