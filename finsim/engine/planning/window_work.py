"""How many pairs of windows the copy checks of prices compare: real with real, and synthetic with real."""

from __future__ import annotations

from finsim.engine.stages.evidence_stage import BLOCK, settings
from finsim.engine.study.study_resolution import Plan


def compared_windows(plan: Plan, assets: int, dates: int) -> dict[str, float]:
    """Return the pairs of windows of one asset, and of all assets together as so many windows of one.

    Every real window is compared with every other, so a panel of A assets costs A squared. Further scenarios
    are compared too: their first block of paths.
    """
    from finsim.engine.stages.share_evidence import WINDOWS
    from finsim.evaluation.privacy.near_copies import PAIRS

    part, chosen = plan.study.market, settings(plan)
    if part is None:
        return {}
    real, asked, turned, further = 0.0, 0.0, 0.0, 0.0
    for label in range(len(plan.scenarios)):
        paths = part.paths if label == 0 else min(part.paths, BLOCK)
        most = chosen.max_windows if label == 0 else min(chosen.max_windows, WINDOWS)
        further += float(label > 0) * paths * part.sessions * assets
        # Windows of single assets, then of all together, which are as many times as long.
        for count, length in ((assets, 1), *(((1, assets),) if assets > 1 else ())):
            known = float(count * dates)
            windows = float(count * paths * max(part.sessions - chosen.window, 1))
            real += length * known**2
            asked += length * known * min(windows, most, PAIRS / known)
            turned += length * known * min(windows, most, PAIRS / 4 / known)
    return {"pair of real windows": real, "asked pair": asked, "turned pair": turned, "further bar": further}
