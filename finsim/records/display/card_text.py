"""A card as text: at most twelve lines and 600 characters, whatever the object holds."""

from __future__ import annotations

from finsim.records.display.card import Card, clean, cut, shown

MOST_LINES, MOST_CHARACTERS = 12, 600
_WIDEST, _NARROWEST = 110, 48
"""Twelve lines of the narrowest width, ends of lines included, stay below 600 characters."""


def card_text(card: Card) -> str:
    """Return the title and one line a fact; long values and lists are cut until all of it fits."""
    for width in range(_WIDEST, _NARROWEST, -4):
        text = "\n".join(_lines(card, width))
        if len(text) <= MOST_CHARACTERS:
            return text
    return "\n".join(_lines(card, _NARROWEST))


def _lines(card: Card, width: int) -> list[str]:
    room = MOST_LINES - 1
    kept = card.facts if len(card.facts) <= room else card.facts[: room - 1]
    pad = min(max((len(name) for name, _ in kept), default=0), width // 3)
    lines = [cut(clean(card.title), width)]
    for name, value in shown(kept, width - pad - 4):
        lines.append(f"  {cut(clean(name), pad):<{pad}}  {value}")
    if len(kept) < len(card.facts):
        lines.append(f"  and {len(card.facts) - len(kept)} more facts")
    return lines
