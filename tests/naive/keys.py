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
