"""Purchases and first transfers in plain Python: every row looks at all earlier rows.

A payment is (time, payer, payee, amount, posted, shop, channel, category), in time order.
"""

from naive.payments import DAY, HOUR, NOTHING, over

SPANS = {"1d": DAY, "3d": 3 * DAY, "7d": 7 * DAY, "30d": 30 * DAY}
TIME, PAYER, PAYEE, AMOUNT, POSTED, SHOP, CHANNEL, CATEGORY = range(8)


def is_first(rows, at):
    """Whether a posted row is the first of its pair to count, to no shop and not in cash."""
    row = rows[at]
    counts = row[POSTED] and row[PAYER] != row[PAYEE]
    return counts and not row[SHOP] and row[CHANNEL] != "cash" and not any(
        one[POSTED] and one[1:3] == row[1:3] for one in rows[:at]
    )  # fmt: skip


def purchases(rows):
    """Return one dict a row: purchases, shares of channels and categories of the payer before it."""
    found = []
    for time, payer, payee, amount, _, shop, channel, category in rows:
        past = [row for row in rows if row[TIME] < time and row[POSTED]]
        new = {id(row) for k, row in enumerate(past) if not any(
            one[1:3] == row[1:3] and one[TIME] < row[TIME] for one in past[:k]
        )}  # fmt: skip
        sent = [row for row in past if row[PAYER] == payer]
        bought, sold = ([row for row in past if row[SHOP] and row[side] == who]
                        for side, who in ((PAYER, payer), (PAYEE, payee)))  # fmt: skip
        day = [row for row in bought if row[TIME] > time - DAY]
        fresh = [row for row in bought if id(row) in new]
        week = [row for row in sold if row[TIME] > time - 7 * DAY]
        days = max((time - sent[0][TIME]) / DAY, 1) if sent else 1
        found.append({
            "payer_purchases_1d": len(day),
            "payer_purchase_sum_1d": total(day),
            "payer_new_shops_1d": len([row for row in day if id(row) in new]),
            "payer_new_shop_sum_1d": total([row for row in day if id(row) in new]),
            "payer_small_purchases_7d": len(
                [row for row in bought if row[TIME] > time - 7 * DAY and row[AMOUNT] <= 500]
            ),
            "payer_online_sum_1d": total([row for row in day if row[CHANNEL] == "card_not_present"]),
            "payer_purchases": len(bought),
            "payer_purchase_sum": total(bought),
            "payer_new_shops": len(fresh),
            "payee_sales_sum_7d": total(week),
            "payee_new_buyers_sum_7d": total([row for row in week if id(row) in new]),
            "payee_small_sales_7d": len([row for row in week if row[AMOUNT] <= 500]),
            "payer_purchases_per_day": len(bought) / days,
            "payer_purchase_burst_1d": len(day) / (len(bought) / days + 0.05),
            "payer_new_shop_share": over(len(fresh), len(bought)),
            "payer_purchase_ratio": over(amount * len(bought), total(bought)) if shop else NOTHING,
            "payer_channel_share": over(len([row for row in sent if row[CHANNEL] == channel]), len(sent)),
            "payer_category_count": len([row for row in sent if row[CATEGORY] == category]),
            "payer_category_share": over(len([r for r in sent if r[CATEGORY] == category]), len(sent)),
        })  # fmt: skip
    return found


def total(rows):
    return sum(row[AMOUNT] for row in rows)


def transfers(rows):
    """Return one dict a row: first transfers and cash of both accounts before it."""
    firsts = [is_first(rows, at) for at in range(len(rows))]
    found, links = [], []
    for at, (time, payer, payee, amount, _, shop, channel, _) in enumerate(rows):
        past = [k for k, row in enumerate(rows) if row[TIME] < time]
        got, sent = ({side: [k for k in past if firsts[k] and rows[k][place] == who]
                      for side, who in (("payer", payer), ("payee", payee))}
                     for place in (PAYEE, PAYER))  # fmt: skip

        def money(some, span, time=time):
            return total([rows[k] for k in some if rows[k][TIME] > time - SPANS[span]])

        def many(some, span, time=time):
            return len([k for k in some if rows[k][TIME] > time - SPANS[span]])

        cash = [k for k in past if rows[k][POSTED] and rows[k][CHANNEL] == "cash"]
        paid_in = [k for k in cash if rows[k][PAYEE] == payer]
        drawn = [k for k in cash if rows[k][PAYER] == payer]
        last = {side: some[-1] if some else None for side, some in got.items()}
        new_pair = not any(rows[k][POSTED] and rows[k][1:3] == (payer, payee) for k in past)
        starts = new_pair and payer != payee and not shop and channel != "cash"
        depth = int(starts) and 1 + carried(rows, links, last["payer"], time, amount)
        links.append(carried(rows, links, last["payer"], time, amount) + 1 if firsts[at] else 0)
        since = {s: NOTHING if k is None else (time - rows[k][TIME]) / HOUR for s, k in last.items()}
        source = last["payer"]
        one = {
            "payer_first_out_7d": many(sent["payer"], "7d"),
            "payer_first_out_sum_7d": money(sent["payer"], "7d"),
            "payee_first_in_7d": many(got["payee"], "7d"),
            "payee_first_in_sum_7d": money(got["payee"], "7d"),
            "payee_first_out_sum_7d": money(sent["payee"], "7d"),
            "payee_passed_in_sum_7d": money([k for k in got["payee"] if links[k] > 1], "7d"),
            "payer_cash_in_sum_7d": money(paid_in, "7d"),
            "payer_cash_in_sum_30d": money(paid_in, "30d"),
            "payer_cash_out_30d": many(drawn, "30d"),
            "payer_cash_out_sum_30d": money(drawn, "30d"),
            "payee_amount_to_first_in_7d": over(amount, money(got["payee"], "7d")),
            "payee_first_pass_7d": over(money(sent["payee"], "7d"), money(got["payee"], "7d")),
            "payer_hours_since_first_in": since["payer"],
            "payee_hours_since_first_in": since["payee"],
            "amount_to_last_first_in": NOTHING if source is None else over(amount, rows[source][AMOUNT]),
            "first_chain_depth": depth,
            "upstream_passed_on_3d": NOTHING if source is None else found[source]["passed_on_3d"],
            "upstream_first_out_7d": NOTHING if source is None else found[source]["payer_first_out_7d"],
        }
        for span in ("1d", "3d"):
            into, out = money(got["payer"], span), money(sent["payer"], span)
            one |= {f"payer_first_in_sum_{span}": into, f"payer_first_out_sum_{span}": out}
            one |= {
                f"amount_to_first_in_{span}": over(amount, into),
                f"passed_on_{span}": over(amount + out, into),
            }
        found.append(one)
    return found


def carried(rows, links, source, time, amount):
    """Return the links of the chain that a payment goes on with, 0 where it begins one."""
    if source is None or time - rows[source][TIME] >= 3 * DAY:
        return 0
    share = over(amount, rows[source][AMOUNT])
    return links[source] if 0.15 <= share <= 1.15 else 0
