"""Text of a user as one line of Markdown: words alone, no markup and no signs that move a terminal."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\[(?=[^\]]*\]\()|(?<=\])\[(?=[^\]]*\])")
"""What begins an HTML element, a comment or a link."""


def markdown_line(text: str) -> str:
    """Return a text on one line, what would begin markup escaped and what is not printable as ``?``."""
    line = "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
    return _MARKUP.sub(lambda found: "\\" + found[0], line)
