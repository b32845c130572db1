"""What a terminal shows: text of users stands there as text, never as a command to the terminal."""

from __future__ import annotations

import re

# Control characters but for tab and newline, and the marks that turn the direction of writing.
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTION = "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
_HIDDEN = re.compile(f"[{_CONTROL}{_DIRECTION}]")


def shown(text: str) -> str:
    """Return a text with control characters and direction marks as escapes.

    Line ends stay: they are finsim's own. A lone carriage return would overwrite the line it stands in.
    """
    return _HIDDEN.sub(lambda found: ascii(found.group())[1:-1], text)
