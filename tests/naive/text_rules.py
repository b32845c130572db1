"""Text, the time of day, time zones and remainders, one value at a time; and rows to try them on."""

import calendar
import math
import re
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
from naive.time_zones import first_instant, local_time

DAY = 86_400 * 10**9
CAPITALS = {"ß": "ẞ"}  # one character for one; Python writes two


class Nanos(int):
    """A time."""


class Civil(int):
    """Local time of no place: the midnight of a date, or a time reckoned from it."""


def upper(text):
    return "".join(CAPITALS.get(c, c.upper() if len(c.upper()) == 1 else c) for c in text)


def lower(text):
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def mod(a, b):
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) % abs(b) * (-1 if a < 0 else 1)
    return None if math.isinf(a) else math.fmod(a, b)


def add_months(day, count):
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


TEXT = {
    "length": len,
    "upper": upper,
    "lower": lower,
    "trim": str.strip,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": lambda text, part: part in text,
    "matches": lambda text, pattern: re.fullmatch(pattern, text, re.ASCII) is not None,
}
CLOCK = {
    "hour": lambda t: t // (DAY // 24) % 24,
    "minute": lambda t: t // (60 * 10**9) % 60,
    "time": lambda t: t % DAY,
    "date": lambda t: date(1970, 1, 1) + timedelta(days=t // DAY),
}
DATED = {
    "year": lambda d: d.year,
    "month": lambda d: d.month,
    "day": lambda d: d.day,
    "weekday": lambda d: d.isoweekday(),
}
TIMES = (date, Nanos, Civil)
first = lru_cache(maxsize=None)(first_instant)


def text_called(function, given):
    return TEXT[function](*(str(one) for one in given))


def instant(x, zone):
    """Return a date or local time as an instant; an instant as it is."""
    if isinstance(x, date):
        x = Civil((x - date(1970, 1, 1)).days * DAY)
    return first(int(x), zone) if isinstance(x, Civil) else int(x)


def at_one_place(x, y, zone):
    """Return two times as numbers that can be compared: instants where one of them is one."""
    if all(isinstance(one, (date, Civil)) for one in (x, y)):
        zone = "UTC"
    return instant(x, zone), instant(y, zone)


def alike(given, zone):
    """Return values of which one is an instant as instants; others as they are."""
    if not any(isinstance(x, Nanos) for x in given):
        return given
    return [Nanos(instant(x, zone)) if isinstance(x, TIMES) else x for x in given]


def clock(function, x, zone):
    """Return a part of a date or, in a zone, of a time."""
    if x is None or isinstance(x, date):
        return x if x is None or function == "date" else DATED[function](x)
    time = local(x, zone)
    return CLOCK[function](time) if function in CLOCK else DATED[function](CLOCK["date"](time))


def local(x, zone):
    """Return local time, as if it were UTC."""
    return int(x) if isinstance(x, Civil) else local_time(int(x), zone)


HEAD = """
finsim-rules: 1
pack: {id: text, version: 1}
tables:
  t:
    zone: %ZONE%
    order: {group: [g], by: [ts, n]}
    columns:
      n: {type: int}
      g: {type: id}
      ts: {type: ts, null: true}
      s: {type: cat, null: true}
      u: {type: cat, null: true}
      k: {type: id, null: true}
      d: {type: date, null: true}
      i: {type: int, null: true}
      j: {type: int, null: true}
      x: {type: float, null: true}
      a: {type: money, ccy: USD, unit: minor, null: true}
params: {who: "'O''Brien'", names: ["O'Brien", "a\\nb"]}
rules:
"""
PARAMS = {"who": "O'Brien", "names": ["O'Brien", "a\nb"], "today": date(2025, 3, 30)}
WORDS = [
    "O'Brien", " pad ", "Straße", "😀x", "a\nb", "back\\slash", "", "ABC", "DE89 3704", "DE", "de", "x😀",
    "\tÉté\u00a0", "''", "A.B", "bra", "a", "100%", "`tick`", "null",
]  # fmt: skip
TEXT_RULES = [
    "length(s) = 2", "length(s) between 3 and 6", "length(k) < 3", "starts_with(s, u)",
    "starts_with(s, 'DE')", "ends_with(s, u)", "ends_with(s, '😀')", "contains(s, u)", "contains(s, '''')",
    "contains(k, '1')", "matches(s, '[A-Z]{2}')", "matches(s, '.*[a-z].*')", "matches(s, '..')",
    "matches(k, '[0-9]{2}')", "matches(s, 'a.b|O''.*')", "upper(s) = upper(u)", "upper(s) = s",
    "lower(s) = 'de'", "trim(s) = s", "trim(lower(s)) in {'pad', 'été', 'o''brien'}", "s = 'O''Brien'",
    "s = 'a\nb'", "s = 'back\\slash'", "s = who", "s in names", "s not in {'😀x', ''}", "upper(s) is null",
    "coalesce(upper(s), u) = u", "s = ''''''", "length(trim(s)) < length(s)",
    "(if length(s) > 2 then upper(s) else u) = u", "k = '7'", "upper(k) != '12'", "length(lag(s)) > 2",
    "lag(upper(s)) = upper(s)", "cumsum(starts_with(s, 'D')) > 1", "starts_with(s, who)",
    "group_distinct(lower(s)) > 4", "count_in(36h) > 2 and length(s) > 0", "length('O''Brien') = 7",
    "contains(s, '') or length(u) > 2", "starts_with('DE89', u)", "not matches(u, '(?:ab?|c){0,5}')",
]  # fmt: skip
TIME_RULES = [
    "hour(ts) < 3", "minute(ts) = 30", "time(ts) between 22h and 24h", "time(ts) < 150min", "date(ts) = d",
    "date(ts) >= d'2025-03-31'", "day(ts) = 30", "month(ts) * day(ts) > 88",
    "year(ts) + day(ts) > 2054", "weekday(ts) = 7",
    "hour(ts, zone: 'America/New_York') < 20", "date(ts, zone: 'Asia/Tokyo') = date(ts)", "date(d) = d",
    "day(ts, zone: 'UTC') = day(ts)", "sum_day(i) > 1", "sum_day(a) <= 5 USD", "sum_month(i) > 2",
    "sum_day(i, zone: 'Asia/Kolkata') = sum_day(i)", "sum_day(x) > 0.5", "ts >= d", "ts < d'2025-03-30'",
    "ts - d > 0h", "ts >= d + 12h", "d + 24h > d", "d + 36h < ts", "date(lag(ts)) = date(ts)",
    "date(ts + 6h) > date(ts)", "date(ts) <= today", "ts < today", "d < add_months(today, 0)",
    "max(ts, d) = ts", "hour(max(ts, d)) = 0", "weekday(date(ts)) = weekday(ts)", "days(date(ts), d) > 0",
    "coalesce(ts, d) > d", "minute(ts, zone: 'Asia/Kathmandu') = 15", "hour(d + 30h) = 6",
    "day(d + 30h) > 15",
]  # fmt: skip
MOD_RULES = [
    "mod(i, 2) = 0", "mod(i, j) = 1", "mod(i, 3) < 0", "mod(a, 2 USD) = 0", "mod(a, 0 USD) > 0 USD",
    "mod(x, 0.5) > 0", "mod(x, j) < 0", "mod(ts - d'2025-01-01', 24h) = 0h", "mod(i, -2) = 1",
    "mod(x, 0) > 1", "mod(7, 3) = mod(i, 4)",
]  # fmt: skip
FIELDS = pa.schema(
    [
        ("n", pa.int64()), ("g", pa.int64()), ("ts", pa.timestamp("ns", "UTC")), ("s", pa.string()),
        ("u", pa.dictionary(pa.int32(), pa.string())), ("k", pa.int64()), ("d", pa.date32()),
        ("i", pa.int64()), ("j", pa.int64()), ("x", pa.float64()), ("a", pa.int64()),
    ]
)  # fmt: skip


def text_rows(seed, count, moments=(1_743_292_800,)):
    """Return rows with odd texts, and times and dates about some moments (seconds)."""
    rng = np.random.default_rng(seed)
    maybe = lambda value: None if rng.random() < 0.12 else value  # noqa: E731
    rows = []
    for n in range(count):
        moment, half_hours = int(rng.choice(moments)), int(rng.integers(-70, 70))
        rows.append(
            {
                "n": n,
                "g": int(rng.integers(0, 3)),
                "ts": maybe(Nanos((moment + half_hours * 1_800) * 10**9)),
                "s": maybe(WORDS[rng.integers(0, len(WORDS))]),
                "u": maybe(WORDS[rng.integers(0, len(WORDS))]),
                "k": maybe(int(rng.integers(0, 14))),
                "d": maybe(date(1970, 1, 1) + timedelta(moment // 86_400 + int(rng.integers(-3, 4)))),
                "i": maybe(int(rng.integers(-4, 5))),
                "j": maybe(int(rng.integers(-1, 4))),
                "x": maybe(float(rng.choice([-2.5, -0.25, 0.0, 0.75, 3.0, float("inf")]))),
                "a": maybe(int(rng.integers(-900, 900))),
            }
        )
    return rows
