"""``finsim narrative`` and ``finsim curriculum``: verbs of stories."""

from finsim.cli.narratives.verbs import app

__all__ = ["app"]
