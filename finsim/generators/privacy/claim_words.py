"""The claim of a private fit in words; without torch, as a saved model tells it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GUESSABLE = 2**48
"""assumption: fewer seeds than this are tried one by one by whoever wants to."""


def claim_words(claim: Mapping[str, Any]) -> str:
    """Return epsilon with its delta and unit."""
    return f"epsilon {claim['epsilon']:.4g} at delta {claim['delta']:g} for {claim['unit']} added or removed"


def statement_lines(claim: Mapping[str, Any]) -> list[str]:
    """Return the claim as the lines that a fit prints."""
    lines = [
        f"privacy: {claim_words(claim)} ({claim['epsilon_renyi']:.4g} by the Renyi accountant)",
        f"  {claim['updates']:,} updates, each of {claim['entities']:,} units with probability "
        f"{claim['sampling_rate']:.4g}, clip {claim['clip']:g}, noise {claim['sigma']:.4g} times the clip",
        f"  counted: {'; '.join(claim['counted'])}",
        f"  not counted: {'; '.join(claim['not_counted'])}",
        f"  assumed: {'; '.join(claim['assumed'])}",
    ]
    if claim["seed_guessable"]:
        lines.append(
            "  warning: this seed can be guessed, and then no epsilon holds; before a release fit with a "
            f"secret seed from {GUESSABLE:,} up"
        )
    return lines
