"""The sequence kernels in plain Python, one row after the other."""


def follow(columns, befores, begun):
    """Return whether each row equals the row before in all columns, and whether any row steps down."""
    same, down, rows = [], 0, list(zip(*columns, strict=True))
    for place, row in enumerate(rows):
        before = tuple(befores) if place == 0 else rows[place - 1]
        if place == 0 and not begun:
            same.append(False)
            continue
        same.append(row == before)
        down += row < before
    return same, down


def running_sum(x, goes_on, carried):
    out, total = [], carried
    for value, on in zip(x, goes_on, strict=True):
        total = (total if on else 0) + value
        out.append(total)
    return out


def shifted(x, same, default):
    """Values of the row before, the default where a group begins; the first row begins one."""
    out = []
    for place, on in enumerate(same):
        out.append(x[place - 1] if on and place else default[place])
    return out


def day_sum(time, x, same, day):
    """Sum since the day began; the first row begins one."""
    out, total = [], 0
    for place, (t, value, on) in enumerate(zip(time, x, same, strict=True)):
        goes_on = on and place and t // day == time[place - 1] // day
        total = (total if goes_on else 0) + value
        out.append(total)
    return out


def window(time, x, same, width):
    """Return count and sum over (t - width, t] up to each row."""
    counts, sums, first = [], [], 0
    for place, t in enumerate(time):
        if not same[place]:
            first = place
        rows = [k for k in range(first, place + 1) if time[k] > t - width]
        counts.append(len(rows))
        sums.append(sum(x[k] for k in rows))
    return counts, sums


def two_stacks(join, empty, width, group, time, x):
    """Join x over (t - width, t] up to each row of its group; rows come in time order in each group.

    ``older`` holds (time, joined with all younger ones of ``older``), the oldest last.
    """
    older, younger, running, out = {}, {}, {}, []
    for g, t, value in zip(group, time, x, strict=True):
        old, young = older.setdefault(g, []), younger.setdefault(g, [])
        young.append((t, value))
        running[g] = join(running.get(g, empty), value)
        while old and old[-1][0] <= t - width:
            old.pop()
        if not old and young[0][0] <= t - width:
            total = empty
            for then, one in reversed([row for row in young if row[0] > t - width]):
                total = join(one, total)
                old.append((then, total))
            young.clear()
            running[g] = empty
            out.append(total)
        else:
            out.append(join(old[-1][1], running[g]) if old else running[g])
    return out
