"""What the curves of a file must satisfy: units, lengths, ranges, times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from finsim.documents import Loc
from finsim.errors import Problem, did_you_mean
from finsim.scenarios.additive_scale import LARGEST, Kind, admissible
from finsim.scenarios.merge import Merged
from finsim.scenarios.variables import CURVES, DAYS_PER_STEP, EQUITY, MAX_DAYS, VARIABLES, VOL

TIME_UNITS = ("minute", "day", "week", "month", "quarter")
PULSE_UNITS = ("minute", "day", "week")
JUMP_UNITS = ("day", "minute")
FORMS, MACRO_FORMS, EQUITY_FORMS = (
    ("path", "knots", "peak", "constant"),
    ("path", "knots"),
    ("path", "knots", "trough"),
)
TOGETHER = {"path", "knots"}  # the only two forms that may stand beside one another
BRIDGE = "min_kl"
MEANS = {"average": "means of its steps", "flow": "rates that hold within a step"}
_TOO_LARGE = (
    "is beyond what any variable reaches",
    f"at most {LARGEST:,.0f} in size",
    "write it in the unit of the variable, such as 5.5 for 5.5 percent",
)
_RANGES = {
    "cum_return": (
        "would make the price zero or negative",
        "a move above -100 pct",
        "write the fall in percent, such as -40",
    ),
    "mult": (
        "is no multiplier",
        "a number above 0",
        "1 changes nothing, 2 doubles, 0.5 halves; write 0.001 for nearly nothing",
    ),
    "blend": (
        "outside [0,1): 1 makes the correlation matrix singular",
        "at least 0 and below 1",
        "0 keeps the correlations, 0.9 is nearly one market",
    ),
}


def macro(file: Merged) -> Iterator[Problem]:
    """Yield what is wrong with the macro block."""
    block = file.get("macro")
    for name, curve in block.items() if isinstance(block, dict) else ():
        loc: Loc = ("macro", name)
        if name not in VARIABLES or not isinstance(curve, dict):
            continue
        units = VARIABLES[name].units
        yield from _how(file, loc, curve, dict(units))
        yield from _one_form(file, loc, curve, MACRO_FORMS)
        if set(curve) >= TOGETHER and VARIABLES[name].timing != "point":
            yield Problem(
                file.place((*loc, "knots")),
                f"macro.{name}: path and knots",
                f"a path alone, of {MEANS[VARIABLES[name].timing]}, or knots, which are points in time",
                "keep the path, or write all of it as knots",
            )
        yield from _length(file, loc, curve)
        written = curve.get("as")
        kind = VARIABLES[name].written_kind(written)
        yield from _values(file, loc, curve, kind)
        needs = [key for key in ("floor_level",) if key in curve] + (
            ["as: level"] if written == "level" else []
        )
        if needs and not is_number(file.get("calibration", "jump_off", name)):
            yield Problem(
                file.place((*loc, "as") if written == "level" else (*loc, "floor_level")),
                f"macro.{name}: {needs[0]} without the level it starts from",
                "",
                f"add `calibration: {{jump_off: {{{name}: ...}}}}`",
            )


def market(file: Merged) -> Iterator[Problem]:
    """Yield what is wrong with equity, jumps and volatility."""
    equity = file.get("market", "equity")
    if isinstance(equity, dict):
        loc: Loc = ("market", "equity")
        yield from _how(file, loc, equity, dict(EQUITY))
        if not any(key in equity for key in EQUITY_FORMS):
            yield from _one_form(file, loc, equity, EQUITY_FORMS)
        yield from _length(file, loc, equity)
        kind: Kind = "mult" if equity.get("as") == "level" else "cum_return"
        yield from _values(file, loc, equity, kind)
        yield from _knot(file, (*loc, "trough"), equity.get("trough"), kind)
        if kind == "mult" and not is_number(file.get("calibration", "jump_off", "equity")):
            yield Problem(
                file.place((*loc, "as")),
                "market.equity: as: level without the level it starts from",
                "",
                "add `calibration: {jump_off: {equity: ...}}`",
            )
        if equity.get("bridge") not in (None, BRIDGE):
            yield Problem(
                file.place((*loc, "bridge")),
                f"market.equity.bridge: {equity['bridge']!r}",
                BRIDGE,
                "leave the line out",
            )
    jumps = file.get("market", "jumps")
    for i, jump in enumerate(jumps) if isinstance(jumps, list) else ():
        yield from _knot(file, ("market", "jumps", i), jump, "cum_return")
        if isinstance(jump, dict) and not set(JUMP_UNITS) & set(jump):
            yield Problem(file.place(("market", "jumps", i)), "a jump without its day", "", "write `day:`")
    vol = file.get("market", "vol")
    if isinstance(vol, dict):
        loc = ("market", "vol")
        yield from _how(file, loc, vol, dict(VOL), optional={VOL["mult"]})
        yield from any_curve(file, loc, "mult", named=True)
        if vol.get("as") == "level" and not is_number(file.get("calibration", "jump_off", "vix")):
            yield Problem(
                file.place((*loc, "as")),
                "market.vol: as: level without the level it starts from",
                "",
                "add `calibration: {jump_off: {vix: ...}}`",
            )


def plain_curves(file: Merged) -> Iterator[Problem]:
    """Yield what is wrong with the multipliers and blends of every block."""
    for pattern, kind in CURVES.items():
        for loc in file.matching(pattern):
            yield from any_curve(file, loc, kind)


def any_curve(file: Merged, loc: Loc, kind: Kind, named: bool = False) -> Iterator[Problem]:
    """Yield what is wrong with one curve that may be a path, knots, a pulse or a constant."""
    curve = file.get(*loc)
    if not isinstance(curve, dict):
        return
    for key in () if named else ("as", "unit"):
        if key in curve:
            yield Problem(
                file.place((*loc, key)),
                f"{_dotted(loc)}: `{key}` has no meaning here",
                "",
                f"remove it: this is always a {kind}",
            )
    yield from _one_form(file, loc, curve, FORMS)
    yield from _length(file, loc, curve)
    yield from _values(file, loc, curve, kind)
    yield from _pulse(file, loc, curve, kind)


def _dotted(loc: Loc) -> str:
    return ".".join(str(part) for part in loc)


def is_number(value: Any) -> bool:
    """Tell whether a value of a file is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _how(
    file: Merged,
    loc: Loc,
    curve: dict[str, Any],
    units: dict[str, str],
    optional: frozenset[str] | set[str] = frozenset(),
) -> Iterator[Problem]:
    written, unit = curve.get("as"), curve.get("unit")
    if written is None or (isinstance(written, str) and written not in units):
        found = f"{written!r}" if written else "missing"
        yield Problem(
            file.place((*loc, "as")),
            f"{_dotted(loc)}.as: {found}",
            " or ".join(units),
            did_you_mean(str(written or ""), list(units)),
        )
        return
    wanted = units.get(str(written))
    if wanted is None or (unit is None and wanted in optional):
        return
    if unit is None or (isinstance(unit, str) and unit != wanted):
        yield Problem(
            file.place((*loc, "unit")),
            f"{_dotted(loc)}.unit: {unit!r}" if unit else f"{_dotted(loc)}.unit: missing",
            f"{wanted} for `as: {written}`",
            f"write the numbers in {wanted} and `unit: {wanted}`",
        )


def _one_form(file: Merged, loc: Loc, curve: dict[str, Any], forms: tuple[str, ...]) -> Iterator[Problem]:
    used = [form for form in forms if form in curve]
    if len(used) == 1 or set(used) == TOGETHER:
        return
    yield Problem(
        file.place((*loc, used[1]) if used else loc),
        f"{_dotted(loc)}: {' and '.join(used) or 'no numbers'}",
        "one of " + ", ".join(forms),
        "keep one of them" if used else f"add `{forms[0]}:`",
    )


def _length(file: Merged, loc: Loc, curve: dict[str, Any]) -> Iterator[Problem]:
    path, wanted = curve.get("path"), file.get("horizon", "length")
    if not isinstance(path, list) or not is_number(wanted) or len(path) == wanted:
        return
    step = file.get("horizon", "step")
    yield Problem(
        file.place((*loc, "path")),
        f"{_dotted(loc)}.path: has {len(path)} values but horizon.length is {wanted:g} {step}s",
        f"{wanted:g} values",
        "add or remove values, or change the horizon",
    )


def _values(file: Merged, loc: Loc, curve: dict[str, Any], kind: Kind) -> Iterator[Problem]:
    for key in ("path", "knots"):
        listed = curve.get(key)
        for i, item in enumerate(listed) if isinstance(listed, list) else ():
            if key == "knots":
                yield from _knot(file, (*loc, key, i), item, kind)
            else:
                yield from _range(file, (*loc, key, i), item, kind)
    for key in ("peak", "constant"):
        yield from _range(file, (*loc, key), curve.get(key), kind)


def _range(file: Merged, loc: Loc, value: Any, kind: Kind) -> Iterator[Problem]:
    if not is_number(value) or (abs(value) <= LARGEST and admissible(kind, float(value))):
        return
    found, expected, remedy = _TOO_LARGE if abs(value) > LARGEST else _RANGES[kind]
    yield Problem(file.place(loc), f"{_dotted(loc)}: {value} {found}", expected, remedy)


def _knot(file: Merged, loc: Loc, knot: Any, kind: Kind) -> Iterator[Problem]:
    if not isinstance(knot, dict):
        return
    units = [unit for unit in TIME_UNITS if knot.get(unit) is not None]
    if len(units) != 1:
        yield Problem(
            file.place(loc),
            f"{_dotted(loc)}: {' and '.join(units) or 'no time'}",
            "one of " + ", ".join(TIME_UNITS),
            "write `{day: 23, value: -33.9}`",
        )
    for unit in units:
        if is_number(knot[unit]) and knot[unit] <= 0:
            yield Problem(
                file.place((*loc, unit)),
                f"{_dotted(loc)}.{unit}: {knot[unit]}",
                "above 0: time 0 is the jump-off, which does not move",
                "count from the jump-off day",
            )
        elif is_number(knot[unit]):
            yield from in_reach(file, (*loc, unit), knot[unit], unit)
        yield from minute(file, (*loc, unit), unit)
    yield from _range(file, (*loc, "value"), knot.get("value"), kind)


def pulse_keys(unit: str) -> tuple[str, str, str, str]:
    """Return the keys of a pulse in one unit of time: peak time, ramp, plateau, half-life."""
    return (f"at_{unit}", f"ramp_{unit}s", f"plateau_{unit}s", f"half_life_{unit}s")


def _pulse(file: Merged, loc: Loc, curve: dict[str, Any], kind: Kind) -> Iterator[Problem]:
    written = [(key, unit) for unit in PULSE_UNITS for key in pulse_keys(unit) if key in curve]
    units = {unit for _, unit in written}
    if "peak" not in curve:
        for key, _ in written[:1]:
            yield Problem(file.place((*loc, key)), f"{_dotted(loc)}.{key} without `peak`", "", "add `peak:`")
        return
    if len(units) != 1:
        yield Problem(
            file.place((*loc, "peak")),
            f"{_dotted(loc)}: times in {' and '.join(sorted(units)) or 'no unit'}",
            "one unit of time",
            "write `{peak: 6, at_day: 37, half_life_days: 25}`",
        )
        return
    unit = units.pop()
    for key in (f"at_{unit}", f"half_life_{unit}s"):
        if key not in curve:
            yield Problem(file.place((*loc, "peak")), f"{_dotted(loc)}.{key}: missing", "", f"add `{key}:`")
    for key, _ in written:
        low = 0.0 if key.startswith(("ramp", "plateau", "at")) else 1e-9
        if is_number(curve[key]) and curve[key] < low:
            yield Problem(
                file.place((*loc, key)),
                f"{_dotted(loc)}.{key}: {curve[key]}",
                "a time after the jump-off",
                "",
            )
        elif is_number(curve[key]):
            yield from in_reach(file, (*loc, key), curve[key], unit)
    yield from minute(file, (*loc, written[0][0]), unit)


def in_reach(file: Merged, loc: Loc, amount: float, unit: str) -> Iterator[Problem]:
    """Yield a problem when a time lies more than a century after the jump-off."""
    if amount * DAYS_PER_STEP[unit] > MAX_DAYS:
        yield Problem(file.place(loc), f"{_dotted(loc)}: {amount:g} {unit}s", "at most 100 years", "")


def minute(file: Merged, loc: Loc, unit: str) -> Iterator[Problem]:
    """Yield a problem when minutes are used on a horizon of longer steps."""
    step = file.get("horizon", "step")
    if unit == "minute" and step != "minute":
        yield Problem(
            file.place(loc),
            f"{_dotted(loc)}: minutes on a horizon of {step}s",
            "",
            "use days, or `horizon: {step: minute}` for an intraday file",
        )
