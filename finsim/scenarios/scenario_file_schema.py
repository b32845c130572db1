"""The JSON Schema of scenario files for editors: the models, and the tables that the checks read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from finsim.editor_schemas import JsonSchema, given, inlined, marked_schema, narrow, one_of, outlined, when
from finsim.editor_spellings import MARK, loosened
from finsim.scenarios import check_curves as curves
from finsim.scenarios import scenario_check as check
from finsim.scenarios.additive_scale import LIMITS, Kind
from finsim.scenarios.claims.metric_names import pattern
from finsim.scenarios.file_models import ScenarioFile
from finsim.scenarios.variables import CURVES, DAYS_PER_STEP, EQUITY, MAX_DAYS, VARIABLES, VOL

_NO_INFINITY = 1e300


def scenario_file_schema() -> JsonSchema:
    """Return the JSON Schema of scenario files; what a parent may supply is not demanded of a child."""
    schema = inlined(marked_schema(ScenarioFile, "finsim scenario file"))
    for loc in _knots(schema):
        narrow(schema, loc, _knot_times)
    for name, variable in VARIABLES.items():
        ways = [
            ({"as": way, "unit": unit}, variable.written_kind(way), ("as", "unit"))
            for way, unit in variable.units.items()
        ]
        alone = variable.timing != "point"
        narrow(schema, ("macro", name), _curve(curves.MACRO_FORMS, ways, alone=alone))
        said = ", ".join(f"as: {way} in {unit}" for way, unit in variable.units.items())
        described = schema["properties"]["macro"]["anyOf"][0]["properties"][name]
        described["description"] = f"{name.replace('_', ' ').capitalize()}: {said}."
    equity: list[_Way] = [
        ({"as": way, "unit": unit}, "mult" if way == "level" else "cum_return", ("as", "unit"))
        for way, unit in EQUITY.items()
    ]
    narrow(schema, ("market", "equity"), _curve(curves.EQUITY_FORMS, equity, free=True))
    narrow(schema, ("market", "equity", "bridge"), {"enum": [curves.BRIDGE]})
    narrow(schema, ("market", "jumps", "*"), _jump)
    vol: list[_Way] = [({"as": way, "unit": unit}, "mult", ("as",)) for way, unit in VOL.items()]
    vol[1] = (vol[1][0], vol[1][1], ("as", "unit"))
    narrow(schema, ("market", "vol"), _curve(curves.FORMS, vol, pulse=True))
    for loc, kind in CURVES.items():
        narrow(schema, loc, _curve(curves.FORMS, [({}, kind, ())], pulse=True))
        narrow(schema, loc, _shorthand(kind))
    _tables(schema)
    _claims(schema)
    _without_value(schema)
    own = {"required": ["horizon"], "properties": {"horizon": {"required": ["length", "step"]}}}
    schema["anyOf"] = [given("extends"), own]
    return outlined(loosened(schema))


_Way = tuple[dict[str, str], Kind, tuple[str, ...]]


def _knots(schema: JsonSchema) -> Iterable[tuple[str, ...]]:
    """Return every place of a knot."""
    yield from (("macro", name, "knots", "*") for name in VARIABLES)
    yield from (("market", "equity", "knots", "*"), ("market", "equity", "trough"), ("market", "jumps", "*"))
    yield ("market", "vol", "knots", "*")
    yield from ((*loc, "knots", "*") for loc in CURVES)


def _objects(part: JsonSchema) -> list[JsonSchema]:
    """Return the mappings among the forms of a part."""
    return [one for one in (part, *part.get("anyOf", ())) if "properties" in one]


def _knot_times(part: JsonSchema) -> None:
    for knot in _objects(part):
        knot["allOf"] = [one_of(curves.TIME_UNITS)]
        for unit in curves.TIME_UNITS:
            for form in knot["properties"][unit]["anyOf"]:
                form.update(
                    {"exclusiveMinimum": 0, "maximum": _most(unit)} if "number" in form["type"] else {}
                )


def _most(unit: str) -> float:
    """Return the longest time that a file may name."""
    return MAX_DAYS / DAYS_PER_STEP[unit]


def _jump(part: JsonSchema) -> None:
    for knot in _objects(part):
        knot["properties"]["value"].update(LIMITS["cum_return"])
        knot["allOf"] = [one_of(curves.JUMP_UNITS)]


def _curve(
    forms: tuple[str, ...],
    ways: Sequence[_Way],
    *,
    free: bool = False,
    pulse: bool = False,
    alone: bool = False,
) -> Any:
    """Return the change that gives a curve its forms, its ways of writing and the range of each."""

    def change(part: JsonSchema) -> None:
        for block in _objects(part):
            rules = [one_of(forms) if alone else _forms(forms, free)]
            for fixed, kind, needed in ways:
                values: JsonSchema = {
                    "path": {"items": LIMITS[kind]},
                    "knots": {"items": {"properties": {"value": LIMITS[kind]}}},
                    **{name: {"properties": {"value": LIMITS[kind]}} for name in ("trough",) if free},
                    **(dict.fromkeys(("peak", "constant"), LIMITS[kind]) if pulse else {}),
                }
                if not fixed:
                    rules.append({"properties": values})
                    for key in ("as", "unit"):
                        del block["properties"][key]
                    continue
                unit = {"unit": {"enum": [fixed["unit"], None]}}
                then: JsonSchema = {"properties": {**values, **unit}, "required": list(needed)}
                if "unit" in needed:
                    then["properties"]["unit"] = {"const": fixed["unit"]}
                rules.append({"if": {"properties": {"as": {"const": fixed["as"]}}}, "then": then})
            if ways[0][0]:
                ways_of_as = block["properties"]["as"]
                ways_of_as.pop("anyOf", None)
                ways_of_as["enum"] = [fixed["as"] for fixed, _, _ in ways]
                block["required"] = ["as"]
            if pulse:
                rules += _pulse(block)
            block["allOf"] = [*block.get("allOf", []), *rules]

    return change


def _forms(forms: tuple[str, ...], free: bool) -> JsonSchema:
    if free:
        return {"anyOf": [given(form) for form in forms]}
    others = [given(form) for form in forms if form not in curves.TOGETHER]
    both: JsonSchema = {"allOf": [given(form) for form in sorted(curves.TOGETHER)]}
    if others:
        both["not"] = {"anyOf": others}
    return {"anyOf": [one_of(forms), both]}


def _pulse(block: JsonSchema) -> list[JsonSchema]:
    """Return the conditions of a pulse: one unit of time, a peak time and a half-life."""
    whole = []
    keys = {unit: curves.pulse_keys(unit) for unit in curves.PULSE_UNITS}
    for unit, own in keys.items():
        at, _, _, half_life = own
        others = [key for other, names in keys.items() if other != unit for key in names]
        whole.append(
            {"allOf": [given(at), given(half_life)], "not": {"anyOf": [given(key) for key in others]}}
        )
        for key in own:
            low = "exclusiveMinimum" if key == half_life else "minimum"
            block["properties"][key]["anyOf"][0].update({low: 0, "maximum": _most(unit)})
    every = [key for names in keys.values() for key in names]
    none = {"not": {"anyOf": [given(key) for key in every]}}
    return [{"if": given("peak"), "then": {"anyOf": whole}, "else": none}]


def _shorthand(kind: Kind) -> Any:
    """Return the change that lets a list or a number stand for a curve."""

    def change(part: JsonSchema) -> None:
        number = {"type": "number", **LIMITS[kind]}
        kept = {key: part.pop(key) for key in ("description", MARK) if key in part}
        block = dict(part)
        part.clear()
        forms = block.pop("anyOf", None) or [block]
        path = next(block["properties"]["path"] for block in _objects({"anyOf": forms}))
        items = {**path["anyOf"][0]["items"], **LIMITS[kind]}
        part.update({"anyOf": [number, {"type": "array", "items": items}, *forms], **kept})

    return change


def _tables(schema: JsonSchema) -> None:
    """Give each place the words, names and ranges of the tables of ``scenario_check``."""
    for loc, words in check.WORDS.items():
        narrow(schema, loc, {"enum": list(words)})
    for loc, (names, _) in check.KEYS.items():
        narrow(schema, loc, {"propertyNames": {"enum": list(names)}})
    for loc, (names, _) in check.NAMES.items():
        narrow(schema, loc, {"enum": list(names)})
    for loc, (low, high, _) in check.RANGES.items():
        limits = {"minimum": low, "maximum": high}
        narrow(schema, loc, {key: value for key, value in limits.items() if abs(value) < _NO_INFINITY})
    for loc, low in check.PAIRS.items():
        narrow(schema, loc, {"minItems": 2, "maxItems": 2})
        narrow(schema, (*loc, "*"), {"minimum": low} if abs(low) < _NO_INFINITY else {})
    narrow(schema, ("fraud", "self_excitation", "branching_ratio"), LIMITS["blend"])
    narrow(schema, ("calibration", "jump_off"), _jump_off)
    longest = {step: {"properties": {"length": {"maximum": _most(step)}}} for step in check.STEPS}
    narrow(schema, ("horizon",), {"allOf": [when("step", [step], then) for step, then in longest.items()]})


def _jump_off(part: JsonSchema) -> None:
    for block in part["anyOf"]:
        if block.get("type") == "object":
            number = block["additionalProperties"]
            block["properties"] = {
                name: {
                    **number,
                    **({"exclusiveMinimum": 0} if name in check.INDICES else {}),
                    "description": "Index level." if name in check.INDICES else "Percent.",
                }
                for name in check.JUMP_OFF
            }
            block["additionalProperties"] = False


def _claims(schema: JsonSchema) -> None:
    narrow(schema, ("expect", "*", "metric"), {"pattern": pattern()})
    tolerance = {"if": given("tol"), "then": given("equals")}
    narrow(schema, ("expect", "*"), {"allOf": [one_of(check.BOUNDS), tolerance]})
    narrow(schema, ("overlay", "*", "start"), {"pattern": rf"^{check.START.pattern[:-2]}$"})


def _without_value(part: Any, key: str = "") -> None:
    """Let every key that may be left out stand without a value, which means the same."""
    if isinstance(part, list):
        for item in part:
            _without_value(item)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        for name, value in part["properties"].items():
            if name not in part.get("required", ()):
                part["properties"][name] = _or_nothing(value)
    inner = part.get("additionalProperties")
    if isinstance(inner, dict):
        part["additionalProperties"] = _or_nothing(inner)
    for value in list(part.values()):
        _without_value(value)


def _or_nothing(value: JsonSchema) -> JsonSchema:
    forms = value.get("anyOf")
    if forms is not None and any(form.get("type") == "null" for form in forms):
        return value
    described: JsonSchema = {key: value.pop(key) for key in ("description", "default") if key in value}
    return {"anyOf": [*(forms if forms and len(value) == 1 else [value]), {"type": "null"}], **described}
