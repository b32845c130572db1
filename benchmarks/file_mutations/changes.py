"""Seeded changes of files: of the structure of YAML and JSON, of a text, and of bytes."""

from __future__ import annotations

import random
from contextlib import suppress
from copy import deepcopy
from typing import Any

import yaml
from file_mutants import MISTAKES, SPELLINGS, wild

ODD: tuple[Any, ...] = (
    "", " ", "%", "50%", "-5 %", "1e400", "1e-400", "٣", "½", "‮abc", "\x1b[31m", "x" * 20_000, "é" * 300,
    "../../etc/passwd", "shipped:../x", "/dev/zero", "0001-01-01", "9999-12-31", "2026-02-30", "1600-01-01",
    "12:00", "null", "NaN", "inf", "1,5", "1_0", "0x10", "0..0", "5..1", "-1d", "99999999d", "{}", "[1]", "*",
    "&a",
    float("nan"), float("inf"), float("-inf"), -0.0, 0, -1, 2**63, -(2**63) - 1, 10**40, 1e308, 5e-324,
    True, False,
    None, [], {}, [[]], [None], [[[[1]]]], {"": 1}, {"a": {"b": {"c": 1}}}, [1, "a", None], list(range(500)),
)  # fmt: skip
BOMB = "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + BOMB
SIGNS = (
    "\0", "\t", "\r", "\n", "\n\n", ": ", " #", "- ", "&a ", "*a", "!!python/name:os.system ", "|\n", ">",
    "'", '"',
    "{", "}", "[", "]", ",", "%", "@", "`", "?", "<<: ", "---\n", "...\n", "\ufeff", "\u2028", "💸", "\x85",
    "9" * 400,
)  # fmt: skip
BYTES = (
    b"",
    b"\0",
    b"\0" * 64,
    b"\xff\xfe",
    b'"',
    b"\n",
    b"\r",
    b";",
    b",,",
    b"1e999999999",
    b"-",
    b"9" * 50,
)


def spots(data: Any) -> list[tuple[Any, Any]]:
    """Return holder and key of every value."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    found = [(data, key) for key in keys]
    for key in keys:
        found += spots(data[key])
    return found


def restructured(data: Any, others: list[Any], rng: random.Random) -> Any:
    """Return data with one to three of its parts lost, renamed, exchanged, replaced, copied or grafted."""
    data = deepcopy(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = spots(data)
        if not places:
            return data
        (holder, key), (other, place) = rng.choice(places), rng.choice(places)
        way = rng.randrange(9)
        if way == 0:
            with suppress(IndexError):  # there may be no text or number to change
                rng.choice([*MISTAKES, *SPELLINGS, wild])(data, rng)
        elif way <= 2:
            holder[key] = deepcopy(rng.choice(ODD))
        elif way == 3:
            value = deepcopy(holder[key])
            holder[key] = deepcopy(other[place])
            other[place] = value
        elif way == 4:
            other[place] = deepcopy(holder[key])
        elif way == 5 and isinstance(holder, dict):
            holder[rng.choice([str(place), str(key).upper(), str(key).replace("_", "-"), ""])] = holder.pop(
                key
            )
        elif way == 6 and isinstance(holder[key], list):
            holder[key] = holder[key] * rng.choice((0, 2, 2, 300)) + holder[key][::-1]
        elif way == 7 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] = holder[key] * rng.choice((-1, 0, 1e-6, 10, 1e6, 1e18))
        else:
            grafts = [one[1] for one in spots(rng.choice(others))]
            holder[key] = deepcopy(rng.choice(grafts))
    return data


def retuned(data: Any, others: list[Any], rng: random.Random) -> Any:
    """Return data of the same shape: numbers moved, values exchanged, those of another file put in."""
    data = deepcopy(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = [spot for spot in spots(data) if not isinstance(spot[0][spot[1]], dict)]
        if not places:
            return data
        holder, key = rng.choice(places)
        value, way = holder[key], rng.randrange(3)
        if way == 0 and isinstance(value, int | float) and not isinstance(value, bool):
            moved = rng.choice(
                (0, value * 0.5, value * 2, value + 1, -value, value * 10, value * 100, 1 - value, 1e4)
            )
            holder[key] = int(moved) if isinstance(value, int) and abs(moved) < 1e15 else moved
        elif way == 1:
            other, place = rng.choice([spot for spot in places if type(spot[0][spot[1]]) is type(value)])
            holder[key], other[place] = deepcopy(other[place]), deepcopy(holder[key])
        else:
            same = [one[0][one[1]] for other in others for one in spots(other) if one[1] == key]
            holder[key] = deepcopy(rng.choice(same or [value]))
    return data


def rewritten(text: str, others: list[str], rng: random.Random) -> str:
    """Return a text with lines or signs changed, or made of the halves of two files."""
    way = rng.randrange(8)
    lines = text.splitlines(keepends=True) or [""]
    at, size = rng.randrange(len(lines)), rng.choice((1, 1, 3, 10))
    if way == 0:
        del lines[at : at + size]
    elif way == 1:
        lines[at:at] = lines[at : at + size]
    elif way == 2:
        lines[at] = " " * rng.choice((1, 2, 4)) + lines[at] if rng.random() < 0.5 else lines[at].lstrip()
    elif way == 3:
        other = rng.choice(others).splitlines(keepends=True)
        lines = lines[:at] + other[rng.randrange(len(other) + 1) :]
    elif way == 4:
        return text + BOMB if rng.random() < 0.5 else BOMB + text
    elif way == 5:
        lines[at] = lines[at].replace(": ", ": &x ", 1)
        there = rng.randrange(len(lines))
        lines[there] = lines[there].partition(":")[0] + ": *x\n"
    else:
        for _ in range(rng.choice((1, 1, 2, 5))):
            spot = rng.randrange(len(text) + 1)
            cut = rng.choice((0, 0, 1, 2, 8))
            text = text[:spot] + rng.choice(SIGNS) + text[spot + cut :]
        return text
    return "".join(lines)


def damaged(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return bytes flipped, cut, doubled, exchanged, cut off, or spliced with those of another file."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        at, size = rng.randrange(len(out) + 1), rng.choice((1, 2, 8, 100))
        way = rng.randrange(7)
        if way <= 1 and out:
            out[at % len(out)] ^= 1 << rng.randrange(8)
        elif way == 2:
            del out[at : at + size]
        elif way == 3:
            out[at:at] = out[at : at + size]
        elif way == 4:
            out[at:at] = rng.choice(BYTES)
        elif way == 5 and rng.random() < 0.3:
            del out[at:]
        elif way == 6 and rng.random() < 0.3:
            other = rng.choice(others)
            out[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(out)


def changed_yaml(text: str, others: list[str], rng: random.Random) -> bytes:
    """Return a YAML file changed in its structure (most), its text, its encoding or its bytes."""
    way = rng.random()
    if way < 0.8:
        loaded = [yaml.safe_load(one) for one in (text, rng.choice(others), rng.choice(others))]
        data = (retuned if way < 0.4 else restructured)(loaded[0], loaded, rng)
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")
    if way < 0.95:
        return rewritten(text, others, rng).encode()
    if way < 0.97:
        return text.encode(rng.choice(("utf-16", "utf-8-sig", "latin-1")), "replace").replace(b"\n", b"\r\n")
    return damaged(text.encode(), [one.encode() for one in others], rng)
