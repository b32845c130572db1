"""Features of payments in plain Python, each from its definition: every row looks at all earlier rows.

A payment is (time, payer, payee, amount, posted), times in nanoseconds; rows come in time order.
"""

HOUR = 3600 * 10**9
DAY = 24 * HOUR
WINDOWS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
NOTHING = float("nan")


def over(a, b):
    return a / b if b > 0 else NOTHING


def history(rows):
    """Return one dict a row: what payer, payee and the two of them did before."""
    found = []
    for time, payer, payee, amount, _ in rows:
        past = [row for row in rows if row[0] < time]
        one = {}
        for side, account in (("payer", payer), ("payee", payee)):
            one |= {f"{side}_{k}": v for k, v in account_history(past, time, account, amount, side).items()}
        pair = [row for row in past if row[4] and row[1:3] == (payer, payee)]
        found.append(one | {"new_payee": not pair, **since("pair", pair, time, amount)})
    return found


def since(name, past, time, amount):
    return {
        f"{name}_count": len(past),
        f"{name}_hours_since": (time - past[-1][0]) / HOUR if past else NOTHING,
        f"{name}_amount_ratio": over(amount * len(past), sum(row[3] for row in past)),
    }


def account_history(past, time, account, amount, side):
    out = [row for row in past if row[4] and row[1] == account]
    into = [row for row in past if row[4] and row[2] == account]
    one = {}
    for name, width in WINDOWS.items():
        for way, some in (("out", out), ("in", into)):
            recent = [row for row in some if row[0] > time - width]
            one[f"{way}_count_{name}"] = len(recent)
            one[f"{way}_sum_{name}"] = sum(row[3] for row in recent)
    for way, some in (("out", out), ("in", into)):
        one[f"{way}_count"] = len(some)
        one[f"hours_since_{way}"] = (time - some[-1][0]) / HOUR if some else NOTHING
    one["declined_1d"] = sum(not row[4] and row[1] == account and row[0] > time - DAY for row in past)
    one["small_1d"] = sum(row[3] <= 500 and row[0] > time - DAY for row in out)
    own = out if side == "payer" else into
    one["amount_ratio"] = over(amount * len(own), sum(row[3] for row in own))
    one["amount_to_most"] = over(amount, max((row[3] for row in own), default=0))
    one["round_share"] = over(sum(row[3] % 1_000 == 0 for row in own), len(own))
    one["night_share"] = over(sum(row[0] % DAY < 6 * HOUR for row in own), len(own))
    return one


def is_edge(row):
    return row[4] and row[1] != row[2]


def first_of_pair(rows, at):
    """Whether a row is the first edge of its pair, those of one time in their order."""
    return is_edge(rows[at]) and not any(
        is_edge(row) and row[1:3] == rows[at][1:3] for row in rows[:at]
    )  # fmt: skip


def graph(rows):
    """Return one dict a row: how the payment lies in the graph of earlier ones."""
    firsts = [first_of_pair(rows, at) for at in range(len(rows))]
    found, depths = [], []
    for at, (time, payer, payee, amount, _) in enumerate(rows):
        past = [k for k, row in enumerate(rows) if row[0] < time and is_edge(row)]
        one = {}
        for side, account in (("payer", payer), ("payee", payee)):
            one |= {
                f"{side}_{k}": v for k, v in account_graph(rows, firsts, past, time, account, amount).items()
            }
        paid = {
            side: [k for k in past if rows[k][2] == who] for side, who in (("payer", payer), ("payee", payee))
        }
        depths.append(depth_of(rows, firsts, depths, at, paid["payer"]))
        for side, receipts in paid.items():
            one[f"{side}_chain_depth"] = depths[receipts[-1]] if receipts else 0
        last = paid["payer"][-1] if paid["payer"] else None
        one["amount_to_last_in"] = NOTHING if last is None else over(amount, rows[last][3])
        one["last_in_new"] = NOTHING if last is None else firsts[last]
        for name in ("payees", "payers"):
            here = f"payer_new_{name}_1d"
            one[f"upstream_new_{name}_1d"] = NOTHING if last is None else found[last][here]
        same = [
            rows[k] for k, row in enumerate(rows) if row[0] < time and row[4] and row[1:3] == (payer, payee)
        ]
        back = [row for row in rows if row[0] < time and row[4] and row[1:3] == (payee, payer)]
        one["edge_hours"] = (time - same[0][0]) / HOUR if same else NOTHING
        one["reverse_count"] = len(back)
        one["reverse_hours_since"] = (time - back[-1][0]) / HOUR if back else NOTHING
        one["cycle_3_7d"] = triangles(rows, past, time, payer, payee)
        found.append(one)
    return found


def account_graph(rows, firsts, past, time, account, amount):
    out = [k for k in past if rows[k][1] == account]
    into = [k for k in past if rows[k][2] == account]
    one = {"out_degree": len({rows[k][2] for k in out}), "in_degree": len({rows[k][1] for k in into})}
    for name in ("1h", "1d", "7d"):
        sent = [k for k in out if rows[k][0] > time - WINDOWS[name]]
        got = [k for k in into if rows[k][0] > time - WINDOWS[name]]
        one[f"new_payees_{name}"] = sum(firsts[k] for k in sent)
        one[f"new_payers_{name}"] = sum(firsts[k] for k in got)
        one[f"fan_out_{name}"] = len({rows[k][2] for k in sent})
        one[f"fan_in_{name}"] = len({rows[k][1] for k in got})
        inflow = sum(rows[k][3] for k in got)
        one[f"pass_{name}"] = over(sum(rows[k][3] for k in sent), inflow)
        one[f"amount_to_inflow_{name}"] = over(amount, inflow)
    return one


def depth_of(rows, firsts, depths, at, receipts):
    if not firsts[at]:
        return 0
    if receipts and rows[at][0] - rows[receipts[-1]][0] < 3 * DAY and depths[receipts[-1]]:
        share = over(rows[at][3], rows[receipts[-1]][3])
        if 0.15 <= share <= 1.15:
            return depths[receipts[-1]] + 1
    return 1


def triangles(rows, past, time, payer, payee):
    limit, found = time - 7 * DAY, 0
    if payer == payee:
        return 0
    receipts = [k for k in past if rows[k][2] == payer][-32:]
    for k in receipts:
        other, when = rows[k][1], rows[k][0]
        legs = [row for row in rows if row[0] < time and is_edge(row) and row[1:3] == (payee, other)][-32:]
        found += other != payee and when > limit and any(limit < row[0] < when for row in legs)
    return found


def link_pairs(pair, posted):
    """Return the posted rows before and after each posted row of the same pair."""
    before, after = [-1] * len(pair), [-1] * len(pair)
    for at, code in enumerate(pair):
        same = [k for k in range(len(pair)) if posted[k] and pair[k] == code]
        if posted[at]:
            before[at] = max((k for k in same if k < at), default=-1)
            after[at] = min((k for k in same if k > at), default=-1)
    return before, after


def code_pairs(first, second):
    codes = {}
    return [codes.setdefault(pair, len(codes)) for pair in zip(first, second, strict=True)]


def group_events(payer, payee):
    """Return (account, event) sorted by account, in row order within one."""
    events = [(payer[i], 2 * i) for i in range(len(payer))] + [
        (payee[i], 2 * i + 1) for i in range(len(payee))
    ]
    return sorted(events)


def key_history(rows, asked, told):
    """Return posted rows of the asked key before, hours since the last and the first, amount over mean."""
    found = []
    for at, (time, _, _, amount, _) in enumerate(rows):
        past = [row for k, row in enumerate(rows) if row[0] < time and row[4] and told[k] == asked[at] >= 0]
        known = since("key", past, time, amount)
        first = (time - past[0][0]) / HOUR if past else NOTHING
        found.append((known["key_count"], known["key_hours_since"], first, known["key_amount_ratio"]))
    return found
