"""Matplotlib defaults and SVG export."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from finsim.extras import Later
from finsim.report.colors import COLOURS, drawn
from finsim.report.drawing_check import checked, readable
from finsim.report.drawing_check import slug as slug_of
from finsim.report.page_elements import Panel

matplotlib = Later("matplotlib", "report")
mpl_figure = Later("matplotlib.figure", "report")
backend_svg = Later("matplotlib.backends.backend_svg", "report")
collections = Later("matplotlib.collections", "report")
ticker = Later("matplotlib.ticker", "report")

WIDTH, HEIGHT = 430, 268
STRETCH = 1.22  # a panel grows at most by this factor, so that its text stays near the page's
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "finsim",
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.linewidth": 0.8,
    "axes.edgecolor": drawn("line"),
    "axes.labelcolor": drawn("quiet"),
    "axes.labelsize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": drawn("faint"),
    "grid.linewidth": 0.8,
    "text.parse_math": False,
    "text.color": drawn("ink"),
    "xtick.color": drawn("line"),
    "ytick.color": drawn("line"),
    "xtick.labelcolor": drawn("quiet"),
    "ytick.labelcolor": drawn("quiet"),
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


_LONG = re.compile(r"-?\d+\.\d{3,}")
# Form of a legend's key -> line style of matplotlib.
LINES = MappingProxyType({"line": "-", "dash": "--", "dashdot": "-.", "dots": ":"})


@dataclass(frozen=True)
class Frame:
    """Size of a panel in CSS pixels, and the room left of and below its axes for their labels."""

    width: int = WIDTH
    height: int = HEIGHT
    left: int = 52
    bottom: int = 40
    right: int = 12
    top: int = 10


@contextmanager
def drawing() -> Iterator[None]:
    """Set matplotlib up for the page while it is open; nothing global changes outside."""
    with matplotlib.rc_context(_STYLE):
        yield


def panel(
    slug: str,
    title: str,
    description: str,
    draw: Callable[[Any], None],
    frame: Frame = Frame(),
) -> Panel:
    """Return a panel drawn by ``draw(axes)``; call it inside ``drawing()``.

    Raises ValueError for a drawing with elements or attributes that no figure of the page has.
    """
    figure = mpl_figure.Figure(figsize=(frame.width / 72, frame.height / 72))
    backend_svg.FigureCanvasSVG(figure)
    wide, high = frame.width, frame.height
    box = (
        frame.left / wide,
        frame.bottom / high,
        1 - (frame.left + frame.right) / wide,
        1 - (frame.bottom + frame.top) / high,
    )
    axes = figure.add_axes(box)
    draw(axes)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing = inline(readable(text.getvalue()), slug_of(slug), readable(description))
    return Panel(title, checked(drawing), description)


def inline(svg: str, slug: str, description: str) -> str:
    """Return matplotlib's SVG made fit for a page: no prolog, no fixed size, own ids, colours by name.

    Ids that nothing refers to are dropped, the others get ``slug`` before them, so that several drawings
    can live in one document. Coordinates keep two decimals.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*<style type=\"text/css\">.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    head = re.match(r"<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>", body)
    if head is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    size = head.group(1).split()
    opening = (
        f'<svg viewBox="{head.group(1)}" role="img" aria-label="{_escaped(description)}" '
        f'style="max-width:{float(size[2]) * STRETCH:g}px">'
    )
    body = _short(_own_ids(body[head.end() :], slug))
    return opening + _named_colours(body)


def _escaped(text: str) -> str:
    for mark, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, entity)
    return text


def _own_ids(body: str, slug: str) -> str:
    used = set(re.findall(r"(?:href=\"#|url\(#)([\w.-]+)", body))
    names = {name: f"{slug}-{k}" for k, name in enumerate(sorted(used))}
    body = re.sub(
        r' id="([\w.-]+)"', lambda m: f' id="{names[m.group(1)]}"' if m.group(1) in names else "", body
    )
    body = re.sub(r"xlink:href=\"#([\w.-]+)\"", lambda m: f'href="#{names[m.group(1)]}"', body)
    return re.sub(r"url\(#([\w.-]+)\)", lambda m: f"url(#{names[m.group(1)]})", body)


def _short(body: str) -> str:
    """Round coordinates (not text), drop fonts (the page has its own) and space between elements."""
    body = re.sub(r"<[^>]*>", lambda tag: _LONG.sub(_two_decimals, tag.group()), body)
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r"; stroke-linejoin: miter|; stroke-linecap: (?:square|butt)", "", body)
    body = re.sub(r">\s+<", "><", body)
    body = re.sub(r"\s*\n\s*", " ", body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r' transform="rotate\(-0 [^"]*"|<g/>', "", body)
    while "<g></g>" in body:
        body = body.replace("<g></g>", "")
    return re.sub(r'(<path d="[^"]*?) z ?"', r'\1z"', body).strip()


def _two_decimals(figure: re.Match[str]) -> str:
    short = f"{float(figure.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short


def _named_colours(body: str) -> str:
    names = {pair[0]: name for name, pair in COLOURS.items()}

    def named(match: re.Match[str]) -> str:
        name = names.get(match.group())
        return f"var(--{name})" if name else match.group()

    return re.sub(r"#[0-9a-f]{6}\b", named, body)


def plain_log_axis(axis: Any, values: Sequence[float], labels: Sequence[str]) -> None:
    """Put given ticks with given labels on a logarithmic axis, and no minor ones."""
    axis.set_major_locator(ticker.FixedLocator(list(values)))
    axis.set_major_formatter(ticker.FixedFormatter(list(labels)))
    axis.set_minor_locator(ticker.NullLocator())


def cells(axes: Any, steps: Sequence[Sequence[str]]) -> None:
    """Draw a table of coloured cells, row 0 on top, each one unit wide and high with a thin gap."""
    side = 0.93
    corners = [
        [(j, i), (j + side, i), (j + side, i + side), (j, i + side)]
        for i, row in enumerate(steps)
        for j in range(len(row))
    ]
    colours = [drawn(step) for row in steps for step in row]
    axes.add_collection(collections.PolyCollection(corners, facecolors=colours, linewidths=0), autolim=False)
    axes.set_xlim(0, len(steps[0]))
    axes.set_ylim(len(steps), 0)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
