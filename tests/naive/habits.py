"""Plain twins of the kernels of event generators: lists, one draw after the other."""

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np

from finsim.kernels.xoshiro import next_uniform, seed_state

KEEP = math.exp(-1 / 14)


class Draws:
    """The draws of one index under one seed."""

    def __init__(self, seed, index):
        self.state = np.empty(4, np.uint64)
        seed_state(np.uint64(seed), np.uint64(index), self.state)

    def __call__(self):
        return float(next_uniform(self.state))


def score_of(place):
    return NormalDist().inv_cdf(place)


def chance_bin(chance):
    return sum(chance >= 0.005 * 2.2**k for k in range(7))


def gap_bin(days):
    if days <= 4:
        return days - 1
    return 4 + sum(days > 5 * 1.5**k for k in range(7))


def recent_bin(ratio):
    return sum(ratio >= edge for edge in (0.35, 0.75, 1.3, 2.2))


def walk(first, last, count, shares, weekday, own, factor, is_active):
    """Return the active days; ``is_active(day, chance, cell, forced)`` decides each day in between."""
    if count < 2:
        return [first][:count]
    weight = {day: shares[day] * own[weekday[day]] for day in range(first + 1, last)}
    mass, left, mean = sum(weight.values()), count - 2, count / (last - first + 1)
    lively, silence, found = mean, 1, [first]
    for day in range(first + 1, last):
        if left == 0:
            break
        plain = min(weight[day] * left / max(mass, 1e-300), 0.995)
        scaled = plain * factor[chance_bin(plain)][gap_bin(silence)][recent_bin(lively / mean)]
        cell = chance_bin(plain), gap_bin(silence), recent_bin(lively / mean)
        drawn = is_active(day, plain, scaled, cell, last - day <= left)
        lively *= KEEP
        silence += 1
        if drawn:
            found.append(day)
            lively += 1 - KEEP
            silence = 1
            left -= 1
        mass -= weight[day]
    return [*found, last]


def draw_days(seed, number, first, last, count, shares, weekday, own, factor):
    draws = Draws(seed, number)

    def decide(day, plain, scaled, cell, forced):
        return (draws() < min(scaled, 0.995)) | forced

    return walk(first, last, count, shares, weekday, own, factor, decide)


def day_loss(days, shares, weekday, own, factor):
    total = 0.0

    def known(day, plain, scaled, cell, forced):
        nonlocal total
        chance = 1.0 if forced else min(scaled, 0.995)
        total -= math.log(chance if day in days else 1 - chance)
        return day in days

    walk(days[0], days[-1], len(days), shares, weekday, own, factor, known)
    return total


def count_days(days, shares, weekday, own, factor, seen, expected):
    def known(day, plain, scaled, cell, forced):
        if not forced:
            expected[cell] += plain
            seen[cell] += day in days
        return day in days

    if len(days) > 2:
        walk(days[0], days[-1], len(days), shares, weekday, own, factor, known)


def place_in(cumulative, u):
    return next((k for k, share in enumerate(cumulative) if share > u), len(cumulative) - 1)


def draw_sizes(seed, number, tilts, shares, edges):
    draws, before, found = Draws(seed, number), 0, []
    for tilt in tilts:
        u, v = draws(), draws()
        chosen = place_in(shares[before], u**tilt)
        width = edges[chosen + 1] - edges[chosen]
        found.append(edges[chosen] + min(int(v * width), width - 1))
        before = 0 if found[-1] == 1 else 1 if found[-1] < 4 else 2
    return found


def quantile(knots, u):
    return float(np.interp(u, np.linspace(0, 1, len(knots)), knots))


def hour_of(weights, u):
    """Return the hour at u of shares that need not add up to one."""
    left = u * sum(weights)
    for hour, weight in enumerate(weights):
        if left < weight:
            return hour
        left -= weight
    return max(hour for hour, weight in enumerate(weights) if weight > 0)


def times_of_day(runs, burst, own, law, draws):
    """Return (second, run) of each payment of a day; ``runs`` are (laws of hours of the payee, payments)."""
    times, last = [], None
    for shares, size in runs:
        times.append([])
        for k in range(size):
            time = None
            if last is not None and draws() < burst:
                time = min(last + quantile(law["waits"], draws()), 86_399.999)
                hour = int(time / 3_600)
                if k == 0 and draws() * law["usual"][hour] >= shares[hour]:
                    time = None
            if time is None:
                hour = hour_of([a * b for a, b in zip(own, shares, strict=True)], draws())
                time = 3_600 * hour + quantile(law["seconds"][hour], draws())
            times[-1].append(time)
            last = time
    order = sorted(range(len(runs)), key=lambda run: sum(times[run]) / len(times[run]))
    whose = [run for run in order for _ in times[run]]
    return list(zip(sorted(time for some in times for time in some), whose, strict=True))


def earlier_row(rows, older, draws):
    """Return one of the rows, from the last back."""
    place = len(rows) - 1
    while place > 0 and draws() < older:
        place -= 1
    return rows[place]


def known_slot(returns, runs, known, draws):
    if draws() < returns:
        back = min(len(runs), 6)
        return runs[len(runs) - 1 - min(int(draws() * back), back - 1)]
    liked = np.cumsum([one["liking"] for one in known])
    return place_in(liked, draws() * liked[-1])


def shifted(chance, factor):
    """Return the chance whose odds are so many times as large."""
    return 1 - (1 - chance) / (1 - chance + chance * factor)


def draw_payments(seed, number, sizes, habit, offers, popular, law, width):
    """Return rows (second, payee, offer, met, like, uniforms) of one entity.

    Offers: (payee, liking, law of hours).
    """
    draws, rows, runs, known, place = Draws(seed, number), [], [], [], 0
    for size in sizes:
        of_size, day = sum(size >= edge for edge in (3, 4, 6, 9, 14, 20)), []  # slot, payments

        def odds(name, of_payee, part, slot, of_size=of_size):
            return shifted(habit[name], law[of_payee][known[slot]["payee"]] * law["crowd"][part][of_size])

        for _ in range(size):
            if day and draws() < odds("stays", "sticky", 0, day[-1][0]):
                day[-1][1] += 1
                continue
            fresh, slot = habit["strength"] + habit["discount"] * len(known), None
            for _ in range(12 if size >= 5 and runs else 0):
                one = known_slot(habit["returns"], runs, known, draws)
                if draws() < law["busy"][known[one]["payee"]]:
                    slot = one
                    break
            if slot is not None:
                pass
            elif draws() * (len(runs) + habit["strength"]) < fresh or not runs:
                offer = -1
                while place < len(offers) and offer < 0:
                    if offers[place][0] not in [one["payee"] for one in known]:
                        offer = place
                    place += 1
                if offer >= 0:
                    payee, liking, hours = offers[offer]
                else:
                    payee, liking = place_in(popular, draws()), 1.0 - min(habit["discount"], 0.0)
                    hours = law["hours_of"][payee]
                slot = len(known)
                known.append({"payee": payee, "offer": offer, "liking": liking, "hours": hours, "rows": []})
            else:
                slot = known_slot(habit["returns"], runs, known, draws)
            runs.append(slot)
            day.append([slot, 1])
        clock = [(0.0, run) for run, (_, many) in enumerate(day) for _ in range(many)]
        if not law["is_dated"]:
            laws = [(law["hours"][known[slot]["hours"]], many) for slot, many in day]
            clock = times_of_day(laws, habit["burst"], habit["hours"], law, draws)
        for k, (second, run) in enumerate(clock):
            one, like = known[day[run][0]], -1
            if k and clock[k - 1][1] == run:
                if draws() < odds("doubles", "paired", 1, day[run][0]):
                    like = earlier_row(one["rows"], law["older"][0], draws)
            elif one["rows"]:
                if draws() < min(habit["remembers"] * law["fixed"][one["payee"]], 0.98):
                    like = earlier_row(one["rows"], law["older"][1], draws)
            elif rows and draws() < habit["keeps"]:
                like = min(int(draws() * len(rows)), len(rows) - 1)
            if like >= 0 and rows[like][4] >= 0:
                like = rows[like][4]
            one["rows"].append(len(rows))
            rows.append(
                (second, one["payee"], one["offer"], one["rows"][0], like, [draws() for _ in range(width)])
            )
    return rows


def swap_links(seed, now, sweeps, reach, borders, at, turn, origin, payee, points, link):
    """Return the links of slots after swaps; takers have sets of payees instead of slots."""
    draws, link = Draws(seed, now), list(link)
    has = {(int(t), int(payee[k])) for t, k in zip(at, link, strict=True)}

    def far(taker, home):
        return 4.0 * max(float(((points[taker] - points[home]) ** 2).sum()) / reach[home], 1.0)

    def tried(one, begin, end):
        count = int(end - begin)
        step, near, chance = draws(), draws() < 0.5, draws()
        wide = min(64, count - 1) if near else count - 1
        two = one + int((2.0 * step - 1.0) * (wide + 1))
        if not begin <= two < end or at[one] == at[two] or turn[at[two]] < now:
            return
        a, b = link[one], link[two]
        gain = far(at[one], origin[a]) + far(at[two], origin[b])
        gain -= far(at[two], origin[a]) + far(at[one], origin[b])
        if payee[a] == payee[b] or chance >= math.exp(min(gain, 0.0)):
            return
        if (at[two], payee[a]) in has or (at[one], payee[b]) in has:
            return
        has.difference_update({(at[one], payee[a]), (at[two], payee[b])})
        has.update({(at[two], payee[a]), (at[one], payee[b])})
        link[one], link[two] = b, a

    for _ in range(sweeps):
        for begin, end in pairwise(borders):
            for one in range(begin, end):
                if turn[at[one]] == now:
                    tried(one, begin, end)
    return link


def nearest_share(wanted, known):
    """Return the highest Jaccard share of a set with any of some sets."""
    return max((len(wanted & one) / len(wanted | one) for one in known if wanted & one), default=0.0)


def own_chances(entity, word, place, table, alone, is_before):
    """Return (plain, lifted, others) of each row, from the words of the other rows of its entity."""
    found = []
    for i, (owner, own) in enumerate(zip(entity, word, strict=True)):
        rows = [k for k in range(len(word)) if entity[k] == owner and (k < i if is_before else k != i)]
        lift = [table[place[i]][w] / alone[w] if alone[w] > 0 else 0.0 for w in range(len(alone))]
        total = sum(lift[word[k]] for k in rows)
        same = [k for k in rows if word[k] == own]
        lifted = len(same) * lift[own] / total if total > 0 else 0.0
        found.append((len(same) / max(len(rows), 1), lifted, len(rows)))
    return found


def own_word(words, counts, shares, alone, u):
    """Return the word at u of those of an entity, by count and by how much the context lifts it."""
    weights = [n * shares[w] / alone[w] for w, n in zip(words, counts, strict=True)]
    if not sum(weights) > 0:
        return words[0]
    return words[hour_of(weights, u)]
