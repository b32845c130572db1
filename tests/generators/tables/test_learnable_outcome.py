"""An outcome's law is sharpened until drawn rows teach the outcome as well as the real ones do."""

from dataclasses import replace

import numpy as np
import pytest
from small_tables import fitted, loans

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting import learnable_outcome
from finsim.generators.tables.boosting.label_law import LabelLaw
from finsim.generators.tables.boosting.learnable_outcome import learnable_sharpness

pytestmark = pytest.mark.sweep

ROWS = 1_500


def _levels(rng, rows=ROWS):
    """Return rows of four columns; the last is 1 with log odds -1 + a - 2 + b."""
    a, b, c = (rng.integers(0, size, rows) for size in (5, 2, 4))
    y = rng.random(rows) < 1 / (1 + np.exp(3 - a - b))
    return np.stack([a, b, c, y], axis=1).astype(np.int32)


def _found(law, saved, levels, streams):
    return learnable_sharpness(law, saved, levels, _levels, streams.under("found"))


def test_a_law_that_is_as_sharp_as_the_rows_stays(streams):
    levels = _levels(streams.at("levels"))
    law, saved = LabelLaw.learned(levels, 3, streams.at("law"))
    assert saved > 0.08
    assert _found(law, saved, levels, streams) < 1.25


def test_a_cautious_law_is_sharpened_by_as_much_as_it_lacks(streams):
    levels = _levels(streams.at("levels"))
    law, saved = LabelLaw.learned(levels, 3, streams.at("law"))
    odds = replace(law.odds[0], value=law.odds[0].value / 1.6)
    cautious = replace(law, odds=(odds,))
    assert _found(cautious, saved, levels, streams) == pytest.approx(1.6, abs=0.3)
    assert _found(cautious, 10.0, levels, streams) == 2.0
    assert _found(law, 0.0, levels, streams) == 1.0


def test_what_nothing_tells_is_left_as_it_is(streams):
    levels = _levels(streams.at("levels"))
    levels[:, 3] = 1
    law, saved = LabelLaw.learned(levels, 3, streams.at("law"))
    assert saved == 0
    assert _found(law, saved, levels, streams) == 1.0


def test_many_rows_are_not_asked(streams, monkeypatch):
    levels = _levels(streams.at("levels"))
    law, saved = LabelLaw.learned(levels, 3, streams.at("law"))
    monkeypatch.setattr(learnable_outcome, "MOST_ROWS", len(levels))
    assert _found(law, 10 * saved, levels, streams) == 1.0


def test_of_few_rows_it_is_more(streams, monkeypatch):
    levels = _levels(streams.at("levels"))
    law, saved = LabelLaw.learned(levels, 3, streams.at("law"))
    plain = _found(law, saved, levels, streams)
    monkeypatch.setattr(learnable_outcome, "FEW_ROWS", len(levels) + 1)
    assert _found(law, saved, levels, streams) == pytest.approx(1.35 * plain)
    assert _found(law, 10.0, levels, streams) == 2.0


def test_the_saved_loss_of_classes_is_added_up(streams):
    rng = streams.at("levels")
    a = rng.integers(0, 3, 900)
    three = np.where(rng.random(900) < 0.8, a, rng.integers(0, 3, 900))
    law, saved = LabelLaw.learned(np.stack([a, three], axis=1).astype(np.int32), 1, streams.at("law"))
    assert len(law.odds) == 3
    assert saved > 0.6


def test_the_body_asks_for_it_unless_it_is_told(streams):
    table = loans(400)
    own = {"label": "default", "refining": 0}
    asked, plain = (fitted(Bayes, streams, table, {**own, "learnable": one}) for one in (True, False))
    assert plain.law.label.sharpness == 1.0
    assert 1.0 < asked.law.label.sharpness <= 2.0
    told = fitted(Bayes, streams, table, {**own, "sharpness": 1.3})
    assert told.law.label.sharpness == 1.3
