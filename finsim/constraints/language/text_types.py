"""How functions of text and of the time of day are typed: arguments checked, results decided."""

from __future__ import annotations

from dataclasses import replace

from finsim.constraints.language.expression import Node
from finsim.constraints.language.function_types import Call, clock, demand
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.text_patterns import BadPattern, check_pattern
from finsim.constraints.language.time_zones import UnknownZone, known_zone
from finsim.constraints.language.types import BOOL, DATE, DUR, FLOAT, INT, LABEL, NUMERIC, Clash

_OF_TIME = {"hour": INT, "minute": INT, "time": DUR}


def _texts(make: Builder, call: Call) -> list[Node]:
    """Return the arguments as text; identifiers are taken as they are written."""
    for node in call.args:
        if node.type.kind not in ("cat", "id"):
            raise Clash(
                f"{call.name} takes text, not {node.type}",
                "declare the column cat or id, or write a 'label'",
            )
    return [make.as_text(node) for node in call.args]


def type_length(make: Builder, call: Call) -> Node:
    """Return a whole number of a text."""
    return make.call(INT, _texts(make, call), call.name)


def type_changed(make: Builder, call: Call) -> Node:
    """Return a text of a text."""
    return make.call(LABEL, _texts(make, call), call.name)


def type_search(make: Builder, call: Call) -> Node:
    """Return a truth of two texts."""
    return make.call(BOOL, _texts(make, call), call.name)


def type_matches(make: Builder, call: Call) -> Node:
    """Return a truth of a text; the pattern is written in the rule and checked here."""
    text, pattern = _texts(make, call)
    if pattern.op != "const":
        raise Clash("matches: the pattern must be written in the rule", "such as matches(x, '[A-Z]{2}')")
    try:
        check_pattern(str(pattern.data))
    except BadPattern as bad:
        raise Clash(bad.found, bad.remedy) from None
    return make.call(BOOL, (text,), "matches", str(pattern.data))


def type_mod(make: Builder, call: Call) -> Node:
    """Return a remainder, in the common type of both."""
    demand(call, (*NUMERIC, "money", "dur"))
    a, b = make.alike(call.args, "take the remainder of")
    kind = FLOAT if a.type.kind == "ratio" else replace(a.type, values=None)
    return make.call(kind, (a, b), "mod")


def local_time(make: Builder, call: Call, time: Node) -> Node:
    """Return a time of a call as local time: of the zone that the call names, else of the time's own."""
    if "zone" not in call.named:
        return make.local(time, time.type.zone)
    (named,) = call.named["zone"]
    if named.op != "const" or named.type != LABEL:
        raise Clash(f"{call.name}: the zone must be written in the rule", "such as zone: 'Europe/Berlin'")
    if time.type.kind != "ts" or not time.type.zone:
        raise Clash(f"{call.name}: a date is the same in every zone", "leave out `zone:`")
    try:
        return make.local(time, known_zone(str(named.data)))
    except UnknownZone as bad:
        raise Clash(bad.found, bad.remedy) from None


def type_date_part(make: Builder, call: Call) -> Node:
    """Return a whole number of a date or time."""
    demand(call, ("date", "ts"), 0)
    x = local_time(make, call, call.args[0])
    return make.call(INT, (x,), call.name, x.type.kind)


def type_time_part(make: Builder, call: Call) -> Node:
    """Return the hour, the minute or the time of day of a time."""
    demand(call, ("ts",), 0)
    return make.call(_OF_TIME[call.name], (local_time(make, call, call.args[0]),), call.name)


def type_date(make: Builder, call: Call) -> Node:
    """Return the day of a time; a date is its own."""
    demand(call, ("date", "ts"), 0)
    x = local_time(make, call, call.args[0])
    return x if x.type.kind == "date" else make.call(DATE, (x,), "date", "ts")


def type_in_period(make: Builder, call: Call) -> Node:
    """Return a sum since the day or month began, where the time is."""
    demand(call, (*NUMERIC, "money", "dur", "bool"), 0)
    x = make.as_int(call.args[0])
    return make.call(x.type, (x, local_time(make, call, clock(make, call))), call.name)
