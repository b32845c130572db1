"""``compare``: the key figures of two runs side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from finsim.call_errors import public
from finsim.engine.answers.comparison import comparison_frame
from finsim.engine.finished_run import Run
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.handover.open_run import open_run

__all__ = ["compare"]


@public
def compare(first: str | Path | Run, second: str | Path | Run) -> pd.DataFrame:
    """Compare the key figures of two runs, scenario by scenario.

    Args:
        first: a Run or its folder.
        second: another. A run made by stressing the first is set against the scenario that it stressed;
            else every scenario that both have is compared, or their first ones when they share none.

    Returns:
        A DataFrame with the index (scenario, figure) and the columns: the first run's value, the second's,
        ``difference``, ``relative`` (a decimal of the first) and ``unit`` (money is in units of the
        currency named, shares are decimals). Figures that one of them did not compute are left out. Printed
        it has at most 80 columns, with whole money and thousands separators; the numbers are raw.

    Raises:
        StudyError: for a folder that is no finished run, and for runs without a figure in common.

    Example:
        >>> import finsim
        >>> list(finsim.compare("runs/mine", "runs/other").columns)
        ['mine', 'other', 'difference', 'relative', 'unit']

    """
    wrong = Arguments("compare")
    for name, value in (("first", first), ("second", second)):
        wrong.kinds(name, value, (str, Path, Run), "a Run or its folder", "write 'runs/mine'")
    wrong.settle()
    left, right = (item if isinstance(item, Run) else open_run(item) for item in (first, second))
    return comparison_frame(left, right)
