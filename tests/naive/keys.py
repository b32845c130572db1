"""Plain twin of finsim.kernels.keys."""

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(word):
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def mix_in(words, hashes):
    return [mixed(((one ^ word) + GOLDEN) & MASK) for word, one in zip(words, hashes, strict=True)]


def hash_text(text):
    found = len(text)
    for at in range(0, len(text), 8):
        found = mixed(((found ^ int.from_bytes(text[at : at + 8], "big")) + GOLDEN) & MASK)
    return found


def mark(hashes, shift, marked):
    """Return whether each bit was marked before; ``marked`` is a set of bits."""
    told = []
    for one in hashes:
        told.append(one >> shift in marked)
        marked.add(one >> shift)
    return told


def first_of_kind(keys):
    """Return whether no earlier row has the same key (a tuple of cells)."""
    seen, told = set(), []
    for key in keys:
        told.append(key not in seen)
        seen.add(key)
    return told


def numbers_of(cells):
    """Return the number of each cell, as different ones first come, and these; None stays None."""
    known = {}
    return [None if cell is None else known.setdefault(cell, len(known)) for cell in cells], list(known)


def first_rows(hashes, gone):
    """Return the first row with the same hash, for each row; their count where a row is gone."""
    first = {}
    return [
        len(hashes) if is_gone else first.setdefault(one, row)
        for row, (one, is_gone) in enumerate(zip(hashes, gone, strict=True))
    ]
