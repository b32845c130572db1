"""Plain twin of draws that are even inside groups."""

import numpy as np


def even_draws(group, uniforms, size):
    left, order = {}, {}
    found = []
    for one, draw in zip(group.tolist(), uniforms.tolist(), strict=True):
        if not left.get(one):
            left[one], order[one] = order.get(one, list(range(size))), []
        mine = left[one]
        chosen = int(draw * len(mine))
        part = mine[chosen]
        found.append((part + draw * len(mine) - chosen) / size)
        # The first that is left takes the place of the one that was drawn.
        left[one] = [mine[0] if k == chosen else other for k, other in enumerate(mine)][1:]
        order[one] = [*order[one], part]
    return np.array(found)
