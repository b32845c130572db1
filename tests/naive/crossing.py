"""Functions of rows of another table, pair by pair: the twin of ``exists``, ``parent`` and ``sum_of``."""

from dataclasses import replace

from naive.aggregates import total

CROSSING = ("exists", "parent", "sum_of", "count_of", "mean_of", "min_of", "max_of")


def crossed(function, args, i, world, value):
    """Return one such function in row i; null when something of the row itself that is compared is null."""
    plain = [arg for arg in args if arg.op != "named"]
    conditions = [part for arg in (plain if function == "exists" else plain[1:]) for part in parts_of(arg)]
    conditions += [part for arg in args if arg.op == "named" for part in parts_of(arg.args[0])]
    refs = [one for arg in plain for one in walk(arg) if one.op == "ref"]
    table = plain[0].text if function == "count_of" else refs[0].text.split(".")[0]
    if any(value(side, i, world) is None for part in conditions for side in own_sides(part, world)):
        return None
    if not conditions and world.rows[i]["id"] is None:
        return None
    found = []
    for row in world.others[table]:
        pair = replace(world, there=row)
        if not conditions and row["id"] != world.rows[i]["id"]:
            continue
        if all(value(part, i, pair) is True for part in conditions):
            found.append(row)
    if function in ("exists", "count_of"):
        return bool(found) if function == "exists" else len(found)
    values = [value(plain[0], i, replace(world, there=row)) for row in found]
    if function == "parent":
        assert len(values) < 2
        return values[0] if values else None
    return total(function.removesuffix("_of"), [x for x in values if x is not None])


def parts_of(expr):
    return [part for arg in expr.args for part in parts_of(arg)] if expr.op == "and" else [expr]


def own_sides(part, world):
    """Return the side of an equation that reads this row, when the other is a column of the other table."""
    if part.op != "compare" or part.text != "=":
        return []
    sides = [(part.args[0], part.args[1]), (part.args[1], part.args[0])]
    return [mine for ref, mine in sides if ref.op == "ref" and reads_own_row(mine, world)]


def reads_own_row(expr, world):
    names = [one.text for one in walk(expr) if one.op == "name"]
    return any(name not in world.params and name not in ("true", "false") for name in names)


def walk(expr):
    yield expr
    for arg in expr.args:
        yield from walk(arg)
