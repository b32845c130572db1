"""The Pareto figure over runs: fidelity against the attack bound, and against utility."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from finsim.evaluation.trade_off import Figure as Estimate
from finsim.evaluation.trade_off import TradeOff
from finsim.report.colors import SERIES, drawn
from finsim.report.number_text import number
from finsim.report.page_elements import Figure, Key, Panel
from finsim.report.svg_figure import Frame, drawing, panel

_FRAME = Frame(left=62)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


class Named(Protocol):
    """A run as the figure needs it."""

    @property
    def name(self) -> str:
        """The name of its folder."""

    @property
    def figures(self) -> TradeOff:
        """Its three figures."""


def front(points: Sequence[tuple[float, float]], higher: bool) -> list[bool]:
    """Tell which points no other is better than on both axes; on the second, more or less is better."""
    sign = 1.0 if higher else -1.0
    return [
        not any(
            x >= left and sign * y >= sign * under and (x > left or sign * y > sign * under)
            for x, y in points
        )
        for left, under in points
    ]


def trade_off_figure(runs: Sequence[Named]) -> Figure | str:
    """Return the two panels, or a sentence where no run has two figures."""
    axes: tuple[tuple[str, str, bool, Callable[[TradeOff], Estimate | None]], ...] = (
        ("attack", "largest rate of an attack, upper bound", False, lambda figures: figures.attack),
        ("utility", "utility (1: as good as real)", True, lambda figures: figures.utility),
    )
    panels: list[Panel] = []
    data: dict[str, Any] = {}
    absent = []
    with drawing():
        for name, label, higher, pick in axes:
            shown = [
                (run.name, run.figures.fidelity, other)
                for run in runs
                if run.figures.fidelity is not None and (other := pick(run.figures)) is not None
            ]
            lacking = [run.name for run in runs if run.name not in {one[0] for one in shown}]
            if lacking:
                words = {"attack": "an attack bound", "utility": "a utility"}[name]
                absent.append(f"Without a fidelity or {words}: {', '.join(lacking)}.")
            if shown:
                points = [(x.value, y.value if higher else y.high) for _, x, y in shown]
                on_front = front(points, higher)
                panels.append(_panel(name, label, shown, on_front, higher))
                data[name] = [
                    {"run": who, "x": [x.value, x.low, x.high], "y": [y.value, y.low, y.high], "front": best}
                    for (who, x, y), best in zip(shown, on_front, strict=True)
                ]
    if not panels:
        return "No run here has a fidelity and an attack bound or a utility, so nothing is drawn."
    keys = [Key(_colour(k), "dot", run.name) for k, run in enumerate(runs)]
    says = (
        "Fidelity is the mean of (ceiling - value) / (ceiling - floor) over the scores of backtest and "
        "stress: 1 is as near to real data as real data are, 0 is no better than a useless twin. Utility "
        "is the same over the scores of a detector or model. The attack bound is the upper end of the 95 % "
        "interval of the worst copy check or attack."
    )
    return Figure("pareto", "Fidelity, utility and attack bound", says, panels, data, keys, absent)


def _colour(k: int) -> str:
    return SERIES[k % len(SERIES)]


def _panel(
    name: str, label: str, shown: Sequence[tuple[str, Estimate, Estimate]], on_front: list[bool], higher: bool
) -> Panel:
    def draw(axes: Any) -> None:
        for k, ((_, x, y), best) in enumerate(zip(shown, on_front, strict=True)):
            colour, at = drawn(_colour(k)), y.value if higher else y.high
            axes.plot([x.low, x.high], [at, at], color=colour, lw=1.2)
            axes.plot([x.value, x.value], [y.low, y.high], color=colour, lw=1.2)
            face = colour if best else drawn("page")
            marker = _MARKERS[k % len(_MARKERS)]
            axes.plot([x.value], [at], marker=marker, ms=8, mfc=face, mec=colour, mew=1.6, linestyle="none")
        axes.set_xlim(-0.03, 1.03)
        top = 1.03 if higher else max(0.01, *(1.15 * y.high for _, _, y in shown))
        axes.set_ylim(-0.03 * top, top)
        axes.set_xlabel("fidelity (1: as good as real)")
        axes.set_ylabel(label)

    words = "; ".join(
        f"{who}: fidelity {number(x.value, 2)}, {name} {number(y.value if higher else y.high, 2)}"
        for who, x, y in shown
    )
    title = "Against what an attack gets" if name == "attack" else "Against utility"
    return panel(f"pareto-{name}", title, f"Fidelity against {name}. {words}.", draw, _FRAME)
