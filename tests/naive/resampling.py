"""Plain twin of finsim.kernels.resampling."""

import numpy as np


def stationary_rows(successor, restarts, uniforms, probability):
    paths = []
    for jumps, draws in zip(restarts.tolist(), uniforms.tolist(), strict=True):
        path = []
        for jump, draw in zip(jumps, draws, strict=True):
            goes_on = path and draw >= probability
            path.append(int(successor[path[-1]]) if goes_on else jump)
        paths.append(path)
    return np.array(paths, dtype=np.int64).reshape(restarts.shape)
