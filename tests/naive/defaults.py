"""Plain twins of finsim.kernels.xoshiro and finsim.kernels.defaults, on Python integers and floats."""

import math

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(word):
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


def seeded(seed, index):
    start = mixed((seed + GOLDEN) & MASK) ^ mixed((index + 1) * GOLDEN & MASK)
    return [mixed((start + GOLDEN * (k + 1)) & MASK) for k in range(4)]


def rotated(word, by):
    return ((word << by) | (word >> (64 - by))) & MASK


def next_word(state):
    word = (rotated((state[0] + state[3]) & MASK, 23) + state[0]) & MASK
    shifted = state[1] << 17 & MASK
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotated(state[3], 45)
    return word


def next_uniform(state):
    return ((next_word(state) >> 12) + 0.5) * 2.0**-52


def phi(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def loss_of(loan, z, follows, index):
    alpha, beta, exposure, severity = loan
    point = alpha - beta * z
    lgd = phi(point - severity) / phi(point) if follows else severity
    return exposure * min(max(1.0 - (1.0 - lgd) * index, 0.0), 1.0)


def draw_losses(seed, first, factors, starts, buckets, loans, dense_pd):
    """Return (losses, defaults per loan) with the same draws as the kernel."""
    losses = [0.0] * len(factors)
    hits = [0] * len(loans)
    for b, (column, shift, alpha_most, beta_least, beta_most, follows, index) in enumerate(buckets):
        for d, row in enumerate(factors):
            z = row[int(column)] + shift
            bound = phi(alpha_most - (beta_least if z > 0 else beta_most) * z)
            if bound <= 0.0:
                continue
            state = seeded(mixed((seed + b) & MASK), first + d)
            for i in defaults(state, z, bound, range(starts[b], starts[b + 1]), loans, dense_pd):
                hits[i] += 1
                losses[d] += loss_of(loans[i], z, follows > 0, index)
    return losses, hits


def defaults(state, z, bound, members, loans, dense_pd):
    """Return the loans of one bucket that default in one draw."""
    chance = {i: phi(loans[i][0] - loans[i][1] * z) for i in members}
    if bound > dense_pd:
        return [i for i in members if next_uniform(state) < chance[i]]
    found = []
    place = members.start - 1
    while True:
        jump = math.log(next_uniform(state)) / math.log1p(-bound)
        if jump >= members.stop - 1 - place:
            return found
        place += 1 + int(jump)
        alone = loans[place][0] - loans[place][1] * z
        at_bound = all(loans[place][:2] == loans[i][:2] for i in members) or phi(alone) >= bound
        if at_bound or next_uniform(state) * bound < chance[place]:
            found.append(place)
