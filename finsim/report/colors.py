"""The page's colours: one name for light, dark and paper; figures draw with the light value.

The eight series colours stay apart under the common colour-vision deficiencies, and no colour is the
only carrier of a meaning: every one stands beside a word, a symbol or a line style.
"""

from __future__ import annotations

from types import MappingProxyType

# name -> (light, dark)
COLOURS = MappingProxyType(
    {
        "ink": ("#1b1f24", "#e4e8ed"),
        "quiet": ("#57606b", "#a2acb8"),
        "line": ("#d3d9e0", "#39414b"),
        "faint": ("#e9edf1", "#272d35"),
        "page": ("#fefefe", "#14181d"),
        "raised": ("#f6f8fa", "#1b2027"),
        "base": ("#2d6cb3", "#7cb4ef"),
        "stress": ("#c2491a", "#f39a6d"),
        "real": ("#2a3038", "#d9dfe6"),
        "pass": ("#0b756f", "#4fcab6"),
        "warn": ("#956000", "#e5b648"),
        "fail": ("#b32318", "#ff8f80"),
        "none": ("#616a75", "#98a2ae"),
        "c0": ("#2e6db4", "#7db5f0"),
        "c1": ("#c34a1b", "#f49b6e"),
        "c2": ("#14806a", "#5cc8ad"),
        "c3": ("#8a4fa4", "#ca9ce1"),
        "c4": ("#9f7000", "#ddb554"),
        "c5": ("#b33a6c", "#ef8eb4"),
        "c6": ("#4b7893", "#9dc4df"),
        "c7": ("#6a6e77", "#aab0ba"),
        "h0": ("#f3f6fa", "#1c232b"),
        "h1": ("#dfe8f3", "#1f2f43"),
        "h2": ("#c3d5ea", "#24405f"),
        "h3": ("#a0bedf", "#2c557d"),
        "h4": ("#79a3cf", "#386a9c"),
        "h5": ("#4474a8", "#5087bf"),
        "h6": ("#305f97", "#6ea0d4"),
        "h7": ("#20497c", "#99c1ea"),
        "h8": ("#143763", "#cce3fc"),
        "d0": ("#204c83", "#8dc1f6"),
        "d1": ("#4777ac", "#5b94ce"),
        "d2": ("#a3c0de", "#3a699b"),
        "d3": ("#dce7f2", "#2a4864"),
        "d4": ("#f7f7f5", "#23282f"),
        "d5": ("#f7e2d5", "#4b3528"),
        "d6": ("#ecb592", "#7e4d2d"),
        "d7": ("#b1582a", "#c17843"),
        "d8": ("#8f3a0e", "#f1a569"),
    }
)
SERIES = tuple(f"c{k}" for k in range(8))
STEPS = 9


def drawn(name: str) -> str:
    """Return the colour to draw with; the finished SVG refers to the page's variable instead."""
    return COLOURS[name][0]


def variables(theme: int) -> str:
    """Return the CSS declarations of all colours for theme 0 (light) or 1 (dark)."""
    return "".join(f"--{name}:{pair[theme]};" for name, pair in COLOURS.items())


def sequential(share: float) -> str:
    """Return the name of the step for a share from 0 to 1."""
    return f"h{min(int(max(share, 0.0) * STEPS), STEPS - 1)}"


def diverging(value: float) -> str:
    """Return the name of the step for a value from -1 to 1; the middle step is neutral."""
    return f"d{min(max(round((value + 1.0) / 2.0 * (STEPS - 1)), 0), STEPS - 1)}"


def ink_on(step: str) -> str:
    """Return the colour of text on a step: ink on the steps near the page, page on the strong ones."""
    level = int(step[1:])
    strong = level > STEPS // 2 if step[0] == "h" else level in (0, 1, STEPS - 2, STEPS - 1)
    return "page" if strong else "ink"
