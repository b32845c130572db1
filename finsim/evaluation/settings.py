"""How much work an evaluation may do."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.errors import StudyError


@dataclass(frozen=True)
class Settings:
    """Sizes of an evaluation; every figure is deterministic given the streams.

    * ``bootstrap``: resamples behind every interval and every floor.
    * ``block``: mean length in rows of the blocks that keep the real series' regimes together
      (assumption: volatility regimes last about one trading year).
    * ``max_paths``: synthetic paths used by the path metrics; more are thinned out by a stream.
    * ``lags``: largest lag of the autocorrelations.
    * ``window`` rows of a window for the classifier, ``copy_run`` rows that must agree in sequence for a
      copied window, ``max_windows`` windows queried by the near-copy test.
    * ``judge_*``: TimeGAN judges; 0 refits leaves them out. The official protocol is 10 refits of
      2,000 and 5,000 iterations (Yoon et al. 2019, code of the authors).
    * ``max_rows``: benign transaction rows kept for training and for testing (all illicit rows stay).
    * ``budgets``: alert budgets as shares of all rows. ``fdr``: false discovery rate of near copies.
    * ``holdout_share``, ``purge``: the chronological split when no hold-out is given, and the rows
      dropped at its border.

    Example:
        >>> import finsim
        >>> finsim.EvaluationSettings(bootstrap=50, judge_refits=0).bootstrap
        50

    """

    bootstrap: int = 200
    block: int = 252
    max_paths: int = 200
    lags: int = 100
    window: int = 32
    copy_run: int = 5
    max_windows: int = 250_000
    judge_refits: int = 1
    judge_iterations: int = 300
    judge_predictive_iterations: int = 500
    judge_windows: int = 2_000
    max_rows: int = 100_000
    budgets: tuple[float, ...] = (0.001, 0.005, 0.01)
    fdr: float = 0.10
    holdout_share: float = 0.3
    purge: int = 21

    def __post_init__(self) -> None:
        """Refuse sizes that cannot give an interval."""
        if self.bootstrap < 20 or self.block < 2 or self.max_paths < 1 or self.window < 8:
            raise StudyError(
                f"bootstrap {self.bootstrap}, block {self.block}, max_paths {self.max_paths}, "
                f"window {self.window}",
                place="evaluation settings",
                expected="bootstrap >= 20, block >= 2, max_paths >= 1, window >= 8",
            )
        if not all(0 < budget < 1 for budget in self.budgets) or not 0 < self.holdout_share < 1:
            raise StudyError(
                f"budgets {self.budgets}, holdout_share {self.holdout_share}",
                place="evaluation settings",
                expected="shares between 0 and 1",
            )
