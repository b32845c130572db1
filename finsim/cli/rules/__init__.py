"""``finsim rules``: verbs of rule packs."""

from finsim.cli.rules.verbs import app

__all__ = ["app"]
