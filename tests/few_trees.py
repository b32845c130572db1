"""Judges of a dozen trees, not a hundred: enough where a test asks what is said, not how well it is seen."""

import pytest


def judge_with_few_trees(patch: pytest.MonkeyPatch) -> None:
    """Let the trees of the evaluation be a dozen while ``patch`` holds."""
    from types import SimpleNamespace

    from sklearn.ensemble import HistGradientBoostingClassifier  # most tests need no learner

    from finsim.evaluation import learner

    def few(*, max_iter: int, **more: object) -> object:
        return HistGradientBoostingClassifier(max_iter=min(max_iter, 12), **more)

    patch.setattr(learner, "ensemble", SimpleNamespace(HistGradientBoostingClassifier=few))
