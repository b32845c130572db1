"""Numbers as text, in the same few forms on the whole page."""

from __future__ import annotations

import math
import re

from finsim.notation import minor_digits

MINUS, THIN, DASH = "\u2212", "\u202f", "\u2013"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with ``digits`` significant digits, thousands grouped; ``–`` when there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    plain = -4 <= size <= 12
    text = f"{value:,.{max(digits - 1 - size, 0)}f}" if plain else f"{value:.{digits - 1}e}"
    return text.replace("-", MINUS)


def tick(value: float, sign: str = "") -> str:
    """Return the label of an axis tick: as short as the number allows."""
    return f"{value:,.10g}{sign}".replace("-", MINUS)


def level(share: float) -> str:
    """Return a confidence level: ``99.9 %``."""
    return f"{share * 100:.10g}{THIN}%"


def count(value: float) -> str:
    """Return a whole number with thousands grouped."""
    return f"{round(value):,}".replace("-", MINUS)


def percent(share: float | None, digits: int = 3) -> str:
    """Return a share as a percentage with ``digits`` significant digits."""
    return DASH if share is None else f"{number(share * 100, digits)}{THIN}%"


def signed_percent(share: float) -> str:
    """Return a move as a percentage with its sign and one decimal."""
    return f"{share * 100:+.1f}{THIN}%".replace("-", MINUS)


def money(minor: float | None, currency: str = "") -> str:
    """Return minor units as an amount in major units: whole, in thousands (k) or in millions (m)."""
    if minor is None or not math.isfinite(minor):
        return DASH
    digits = minor_digits(currency)
    major = minor / 10**digits
    for limit, unit in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if abs(major) >= limit:
            text = f"{number(major / (limit if unit != 'k' else 1e3), 4)}{THIN}{unit}"
            break
    else:
        text = count(major) if abs(major) >= 100 else f"{major:,.{digits}f}".replace("-", MINUS)
    return f"{text}{THIN}{currency}" if currency else text


def plural(size: int, word: str, words: str = "") -> str:
    """Return ``3 rows``, ``1 row``, ``no rows``."""
    if size == 0:
        return f"no {words or word + 's'}"
    return f"{count(size)} {word if size == 1 else words or word + 's'}"


def listing(words: list[str], most: int = 4) -> str:
    """Return ``a, b and c``; after ``most`` words ``and 3 more``."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def spoken(name: str) -> str:
    """Return an identifier as words: ``scatter_gather`` becomes ``scatter gather``."""
    return re.sub(r":(?=\S)", ": ", name.replace("_", " "))


def rounded(values: object, digits: int = 6) -> object:
    """Return JSON data with floats cut to ``digits`` significant digits and non-finite ones as None."""
    if isinstance(values, dict):
        return {str(key): rounded(item, digits) for key, item in values.items()}
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [rounded(item, digits) for item in values]
    if isinstance(values, float):
        return float(f"{values:.{digits}g}") if math.isfinite(values) else None
    return values
