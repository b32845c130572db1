"""Groups of verbs and of options, in the order in which help shows them."""

from __future__ import annotations

VERBS = {
    "Start": ("new", "plan", "schema"),
    "Make": ("run", "simulate", "simulate-book", "inject", "fit", "sample", "stress"),
    "Judge": ("evaluate", "verify", "sign", "compare"),
    "Look": ("show", "list", "report", "trace"),
    "Stories": ("narrative", "curriculum"),
    "Rules": ("check", "rules"),
    "Hand over": ("export",),
}
"""Group -> its verbs; a verb that stands in none is listed under ``Other``."""

DATA, SIZE, OUTPUT, SCREEN = (
    "How data are read",
    "What and how much",
    "What is written",
    "Screen and exit code",
)
OPTIONS = (SIZE, DATA, OUTPUT, SCREEN)
"""Groups of options."""
