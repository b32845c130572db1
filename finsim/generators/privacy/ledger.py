"""What a training run has spent: every use of the mechanism counted, and the epsilon of all together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from finsim.errors import PrivacyBudgetError
from finsim.generators.generator import FitReport
from finsim.generators.privacy.loss_distribution import FINE, loss_epsilon
from finsim.generators.privacy.renyi_accounting import renyi_epsilon


@dataclass(frozen=True)
class Ledger:
    """Uses of the subsampled Gaussian mechanism: (sampling rate, noise multiplier) -> count."""

    uses: Mapping[tuple[float, float], int] = field(default_factory=dict)

    def spend(self, rate: float, sigma: float, count: int = 1) -> Ledger:
        """Return the ledger after ``count`` more uses."""
        key = (float(rate), float(sigma))
        return Ledger({**self.uses, key: self.uses.get(key, 0) + count})

    def plus(self, other: Ledger) -> Ledger:
        """Return the ledger of both together."""
        total = self
        for (rate, sigma), count in other.uses.items():
            total = total.spend(rate, sigma, count)
        return total

    @property
    def count(self) -> int:
        """How often any mechanism was used."""
        return sum(self.uses.values())

    def epsilon(self, delta: float, points: int = FINE) -> float:
        """Return the epsilon spent at ``delta`` by the tight accountant; never below the true one."""
        return loss_epsilon(self.uses, delta, points)

    def renyi(self, delta: float) -> float:
        """Return the epsilon spent at ``delta`` by the Renyi accountant."""
        return renyi_epsilon(self.uses, delta)

    def refuse_beyond(self, planned: Ledger) -> None:
        """Raise PrivacyBudgetError when more was spent than planned."""
        for (rate, sigma), count in self.uses.items():
            allowed = planned.uses.get((rate, sigma), 0)
            if count > allowed:
                raise PrivacyBudgetError(
                    f"{count:,} updates at sampling rate {rate:.4g} and noise {sigma:.4g}",
                    place="training",
                    expected=f"at most the {allowed:,} that the budget was planned for",
                    remedy="fit again with more steps planned, or a larger epsilon",
                )

    def to_list(self) -> list[dict[str, Any]]:
        """Return plain data for JSON."""
        return [
            {"sampling_rate": rate, "sigma": sigma, "count": count}
            for (rate, sigma), count in sorted(self.uses.items())
        ]

    @classmethod
    def of_report(cls, report: FitReport) -> Ledger:
        """Return what a training has spent; nothing when it was not private."""
        return cls() if report.privacy is None else cls.from_list(report.privacy["spent"])

    @classmethod
    def from_list(cls, rows: Iterable[Mapping[str, Any]]) -> Ledger:
        """Return the ledger that ``to_list`` wrote; raises ValueError for what no training spends."""
        ledger = cls()
        for row in rows:
            rate, sigma, count = float(row["sampling_rate"]), float(row["sigma"]), int(row["count"])
            if not (0.0 <= rate <= 1.0 and sigma >= 0.0 and count >= 0):
                raise ValueError(f"rate {rate}, noise {sigma}, count {count}")
            ledger = ledger.spend(rate, sigma, count)
        return ledger
