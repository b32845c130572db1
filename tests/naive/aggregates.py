"""Totals of groups, uniqueness and later rows, one row at a time: the twin of the whole-table functions.

``value(expr, i, world)`` is the twin's evaluation of an argument in row i.
"""

import math
from fractions import Fraction

LEADING = {"group_count": 0, "group_q": 2}


def whole(function, args, i, world, value):
    """Return one whole-table function in row i."""
    plain = [arg for arg in args if arg.op != "named"]
    named = {arg.text: arg.args[0] for arg in args if arg.op == "named"}
    rows = range(len(world.rows))
    counts = [j for j in rows if "where" not in named or value(named["where"], j, world) is True]
    if function == "next":
        return following(plain, named, i, world, value)
    if function == "unique":
        if i not in counts:
            return True
        keys = {j: tuple(value(arg, j, world) for arg in plain) for j in counts}
        return keys[i] not in [keys[j] for j in counts if j < i]
    by = columns(named["by"]) if "by" in named else world.group
    mine = [j for j in counts if all(world.rows[j][b] == world.rows[i][b] for b in by)]
    if function == "group_count":
        return len(mine)
    values = [x for x in (value(plain[0], j, world) for j in mine) if x is not None]
    share = value(plain[1], i, world) if function == "group_q" else None
    return total(function.removeprefix("group_"), values, share)


def columns(by):
    return [one.text for one in by.args] if by.op == "set" else [by.text]


def total(name, values, share=None):
    """Return a total of known values; sums and means of fractions are exact before they are rounded."""
    if name == "sum":
        return sum(values)
    if name == "distinct":
        return len(set(values))
    if name == "q":
        return quantile(values, share)
    if name == "median":
        return quantile(values, 0.5)
    if name == "std":
        return deviation(values)
    if not values:
        return None
    if name == "mean":
        return float(sum(map(Fraction, values)) / len(values))
    return min(values) if name == "min" else max(values)


def deviation(values):
    if len(values) < 2:
        return None
    exact = [Fraction(x) for x in values]
    mean = sum(exact) / len(exact)
    return math.sqrt(sum((x - mean) ** 2 for x in exact) / (len(exact) - 1))


def quantile(values, share):
    if not values:
        return None
    values = sorted(values)
    place = (len(values) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def following(plain, named, i, world, value):
    rows = world.in_group(i)
    ahead = value(plain[1], i, world) if len(plain) > 1 else 1
    later = rows[rows.index(i) + 1 :]
    if len(later) >= ahead:
        return value(plain[0], later[ahead - 1], world)
    return value(named["default"], i, world) if "default" in named else None
