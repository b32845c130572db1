"""Each fit of a choice is a stage of its own, so that no pace is that of another body."""

import numpy as np
import pytest

from finsim.engine.learned import body_choice
from finsim.generators.generator import Budget
from finsim.randomness import Streams


class _Body:
    def entity_losses(self, spare: object, streams: Streams) -> np.ndarray:
        return np.ones(spare.count)  # type: ignore[attr-defined]


class _Log:
    count = 40

    def take(self, rows: np.ndarray) -> "_Log":
        made = _Log()
        made.count = len(rows)
        return made

    def lengths(self) -> np.ndarray:
        return np.ones(self.count)


def test_stages_of_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fitted(name, log, settings, budget, streams, progress):  # type: ignore[no-untyped-def]
        progress(0.5, "step 5, loss 1")
        progress(1.0, "done")
        return _Body()

    monkeypatch.setattr(body_choice, "_able", lambda log: ["one", "two"])
    monkeypatch.setattr(body_choice, "_fitted", fitted)
    told: list[tuple[str, float]] = []
    body_choice.chosen_body(
        _Log(),
        body_choice.Choice(),
        Budget(),
        Streams(1),
        lambda done, text: told.append((text.split(",")[0], done)),
    )  # type: ignore[arg-type]
    stages = ["one (fit 1 of 3)", "two (fit 2 of 3)", "one (fit 3 of 3)"]
    assert told == [(stage, done) for stage in stages for done in (0.5, 1.0)]
