"""Random tables with nulls and ties, and the interpreter's verdict row by row."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from naive.rules import Nanos

from finsim.constraints.checking.check import cut, passes
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import Tally
from finsim.constraints.packs.ruleset import RuleSet

HEAD = """
finsim-rules: 1
pack: {id: test, version: 1}
tables:
  t:
    order: {group: [g], by: [ts, n]%ORDER%}
    columns:
      n: {type: int}
      g: {type: cat, null: true}
      ts: {type: ts, null: true}
      x: {type: float, null: true}
      y: {type: float, null: true}
      i: {type: int, null: true}
      j: {type: int, null: true}
      a: {type: money, ccy: USD, unit: minor, null: true}
      b: {type: money, ccy: USD, unit: minor, null: true}
      c: {type: cat, values: [red, green, blue], null: true}
      d: {type: date, null: true}
      f: {type: bool, null: true}
      p: {type: id, null: true}
    let: {half: x / 2, big: "a > 3 USD"}
  o:
    optional: true
    key: [id]
    columns:
      id: {type: id}
      v: {type: float, null: true}
      w: {type: date, null: true}
  s:
    optional: true
    columns:
      k: {type: id, null: true}
      c: {type: cat, null: true}
      j: {type: int, null: true}
      m: {type: money, ccy: USD, unit: minor, null: true}
      v: {type: float, null: true}
      f: {type: bool, null: true}
      d: {type: date, null: true}
params: {limit: 3 USD, colours: [red, blue], numbers: [1, 3], rate: 5%}
lookup:
  cap:
    by: [c, j]
    valid: [from, to]
    value: cap
    type: ratio
    default: null
    rows:
      - {c: red, j: 1, from: null, to: 2024-12-31, cap: 5%}
      - {c: red, j: 1, from: 2025-01-01, to: 2025-06-30, cap: 6%}
      - {c: red, j: 1, from: 2025-07-02, to: "", cap: -0.5}
      - {c: blue, j: 2, from: 2024-06-01, to: 2025-06-01, cap: 100%}
      - {c: blue, j: -3, from: "", to: "", cap: 0}
      - {c: pink, j: 0, from: "", to: "", cap: 1}
  fee:
    {by: [c], type: money, ccy: USD, default: null, rows: [{c: red, fee: 3 USD}, {c: blue, fee: 0.07 USD}]}
  kind: {by: [f], value: c, type: cat, default: null, rows: [{f: true, c: red}]}
rules:
"""
PARAMS = {"limit": 300, "colours": ["red", "blue"], "numbers": [1, 3], "rate": 0.05}
LOOKUPS = {
    "cap": {
        "by": ["c", "j"],
        "valid": ["from", "to"],
        "value": "cap",
        "rows": [
            {"c": "red", "j": 1, "from": None, "to": date(2024, 12, 31), "cap": 0.05},
            {"c": "red", "j": 1, "from": date(2025, 1, 1), "to": date(2025, 6, 30), "cap": 0.06},
            {"c": "red", "j": 1, "from": date(2025, 7, 2), "to": None, "cap": -0.5},
            {"c": "blue", "j": 2, "from": date(2024, 6, 1), "to": date(2025, 6, 1), "cap": 1.0},
            {"c": "blue", "j": -3, "from": None, "to": None, "cap": 0.0},
        ],
    },
    "fee": {
        "by": ["c"],
        "valid": [],
        "value": "fee",
        "rows": [{"c": "red", "fee": 300}, {"c": "blue", "fee": 7}],
    },
    "kind": {"by": ["f"], "valid": [], "value": "c", "rows": [{"f": True, "c": "red"}]},
}
LETS = {"half": "x / 2", "big": "a > 3 USD"}
FIELDS = pa.schema(
    [
        ("n", pa.int64()), ("g", pa.string()), ("ts", pa.timestamp("ns", tz="UTC")), ("x", pa.float64()),
        ("y", pa.float64()), ("i", pa.int32()), ("j", pa.int64()), ("a", pa.int64()), ("b", pa.int64()),
        ("c", pa.dictionary(pa.int32(), pa.string())), ("d", pa.date32()), ("f", pa.bool_()),
        ("p", pa.int64()),
    ]
)  # fmt: skip


def pack(rules, order=""):
    """Return a pack with one rule for each text; a text may bring further keys after ` | `."""
    lines = []
    for number, rule in enumerate(rules):
        check, _, rest = rule.partition(" | ")
        quoted = check.replace("'", "''")
        lines.append(f"  - {{id: r{number}, table: t, check: '{quoted}'{', ' + rest if rest else ''}}}")
    return RuleSet.parse(HEAD.replace("%ORDER%", order) + "\n".join(lines))


def maybe(rng, value, share=0.15):
    return None if rng.random() < share else value


def random_rows(seed, count):
    """Rows with nulls everywhere, tied times, groups of many sizes, zeros and repeated values."""
    rng = np.random.default_rng(seed)
    start = 1_767_225_600 * 10**9
    rows = []
    for n in range(count):
        hours = int(rng.integers(0, 200))
        rows.append(
            {
                "n": n,
                "g": maybe(rng, str(rng.choice(["k", "l", "m", "solo"], p=[0.6, 0.25, 0.1, 0.05])), 0.05),
                "ts": maybe(rng, Nanos(start + hours * 3_600 * 10**9), 0.1),
                "x": maybe(rng, float(rng.choice([-1.5, 0.0, 0.25, 2.0, 3.0, 1e3, float(rng.normal())]))),
                "y": maybe(rng, float(rng.choice([0.0, 0.5, 2.0, float(rng.normal())]))),
                "i": maybe(rng, int(rng.integers(-3, 4))),
                "j": maybe(rng, int(rng.integers(0, 4))),
                "a": maybe(rng, int(rng.choice([0, 299, 300, 301, -5, 10_000]))),
                "b": maybe(rng, int(rng.choice([0, 300, 7]))),
                "c": maybe(rng, str(rng.choice(["red", "green", "blue"]))),
                "d": maybe(rng, date(2024, 1, 31) + timedelta(days=int(rng.integers(0, 800)))),
                "f": maybe(rng, bool(rng.integers(0, 2))),
                "p": maybe(rng, int(rng.integers(0, 8))),
            }
        )
    return rows


def random_others(seed):
    rng = np.random.default_rng(seed)
    return [
        {"id": int(key), "v": maybe(rng, float(rng.normal()), 0.3), "w": maybe(rng, date(2025, 1, 1), 0.3)}
        for key in rng.permutation(12)[:6]
    ]


def random_children(seed, count=70):
    """Rows of a table in which a key stands often, seldom or never, with nulls everywhere."""
    rng = np.random.default_rng(seed + 50)
    return [
        {
            "k": maybe(rng, int(rng.integers(0, 10))),
            "c": maybe(rng, str(rng.choice(["red", "green", "blue", "pink"]))),
            "j": maybe(rng, int(rng.integers(0, 5))),
            "m": maybe(rng, int(rng.choice([0, 100, 299, -50, 10_000]))),
            "v": maybe(rng, float(rng.choice([0.0, -0.0, 0.5, float(rng.normal())]))),
            "f": maybe(rng, bool(rng.integers(0, 2))),
            "d": maybe(rng, date(2024, 1, 31) + timedelta(days=int(rng.integers(0, 800)))),
        }
        for _ in range(count)
    ]


def children_table(rows):
    kinds = {"k": pa.int64(), "c": pa.string(), "j": pa.int64(), "m": pa.int64(), "v": pa.float64()}
    kinds |= {"f": pa.bool_(), "d": pa.date32()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def as_table(rows, schema=FIELDS):
    return pa.table(
        {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names}
    )


def others_table(rows):
    kinds = {"id": pa.int64(), "v": pa.float64(), "w": pa.date32()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def verdicts(rules, tables, blocks=7, name="t", part=lambda rule: rule.check, params=None):
    """Return rule id -> True, False or None for each row, of the check or another part of the rule."""
    session = Session(rules, tables, params)
    source = session.sources[name]
    own = [rule for rule in session.own_rules(name) if "." not in rule.id]
    own = [rule for rule in own if not session.obstacle(rule, source)]
    found = {}
    for one in passes([Tally(rule) for rule in own], session.world(own, source)):
        placed = one.arrangement(source)
        run = Interpreter(one.run.world)
        for begin in range(0, source.rows, blocks):
            block, rows = cut(source, placed, begin, min(begin + blocks, source.rows), closed=True)
            run.begin(block)
            for tally in one.tallies:
                rails = run.rails(part(tally.rule))
                yes, no = (np.broadcast_to(rail, rows.shape) for rail in (rails.yes, rails.no))
                assert not (yes & no).any()
                cells = found.setdefault(tally.rule.id, [None] * source.rows)
                for place, row in enumerate(rows.tolist()):
                    cells[row] = True if yes[place] else (False if no[place] else None)
            run.commit()
    return found


SORTED = """
finsim-rules: 1
pack: {id: sorted, version: 1}
table: t
order: {group: [g], by: [ts]}
columns:
  g: {type: id}
  ts: {type: ts}
  x: {type: money, ccy: USD, unit: minor, null: %NULL%}
  y: {type: float}
  c: {type: cat}
rules:
  - {id: ledger, check: "x >= lag(x, default: 0 USD) - 50 USD"}
  - {id: lagged, check: "y > lag(y) - 1"}
  - {id: label, check: "lag(c, default: 'a') in {'a', 'b'}"}
  - {id: total, check: "cumsum(x) < 60 USD"}
  - {id: day, check: "sum_day(if c = 'a' then x else 0 USD) < 90 USD"}
  - {id: count, check: "count_in(24h) < 4"}
  - {id: sum, check: "sum_in(x, 36h) < 90 USD"}
  - {id: most, check: "max_in(y, 36h) < 2"}
  - {id: standing, order: {group: [g], by: [ts], sort: false}, check: "ts >= lag(ts)"}
  - {id: whole_table, order: {group: [], by: [], sort: false}, check: "y > lag(y, 3) - 2"}
"""


def sorted_rules(nulls):
    """Return the text of a pack in which every sequence function with a kernel of its own occurs."""
    return SORTED.replace("%NULL%", str(nulls).lower())


def sorted_table(rows, nulls, seed=5):
    """Return rows of many groups, sorted by group and time, with tied times."""
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, rows // 20, rows))
    time = rng.integers(0, 40, rows) * 6 * 3_600 * 10**9 + 1_700_000_000 * 10**9
    time = time[np.lexsort((time, group))]
    gone = rng.random(rows) < 0.1 if nulls else None
    return pa.table(
        {
            "g": pa.array(group.astype(np.int32)),
            "ts": pa.array(time, pa.timestamp("ns", tz="UTC")),
            "x": pa.array(rng.integers(-2_000, 5_000, rows), mask=gone),
            "y": rng.normal(size=rows),
            "c": pa.array(rng.choice(["a", "b", "z"], rows)).dictionary_encode(),
        }
    )
