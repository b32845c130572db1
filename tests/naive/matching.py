"""Plain twins of the row matching and of the payment histories."""

import numpy as np


def matches(known, queries, tolerance):
    """For each query the first known row with every column within the tolerance, else -1."""
    found = []
    for query in queries:
        hits = [
            i
            for i, row in enumerate(known)
            if all(abs(a - b) <= tolerance for a, b in zip(row, query, strict=True))
        ]
        found.append(hits[0] if hits else -1)
    return np.array(found, dtype=np.int64)


def earlier(key, time, values, window=None):
    """For each row: how many earlier rows of its key, their sum, and the time since the last one."""
    counts, sums, gaps = [], [], []
    for i in range(len(key)):
        past = [j for j in range(i) if key[j] == key[i]]
        near = [j for j in past if window is None or time[j] >= time[i] - window]
        counts.append(len(past))
        sums.append(sum(values[j] for j in near))
        gaps.append(time[i] - time[past[-1]] if past else None)
    return np.array(counts), np.array(sums, dtype=float), gaps


def auc(scores, label, weight):
    """Weighted share of (positive, negative) pairs in the right order, ties count half."""
    top = total = 0.0
    for i in range(len(scores)):
        for j in range(len(scores)):
            if label[i] and not label[j]:
                pair = weight[i] * weight[j]
                total += pair
                top += pair * (1.0 if scores[i] > scores[j] else 0.5 if scores[i] == scores[j] else 0.0)
    return top / total
