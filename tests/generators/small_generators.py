"""Small data sets and settings for the tests of generators."""

import numpy as np

from finsim.generators.comparison.rcgan import Rcgan
from finsim.generators.comparison.timevae import TimeVae
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Budget, Sequences
from finsim.generators.timegan.timegan import TimeGan

FLOW = Flow.Settings(
    context=8, block=8, patch=2, width=16, blocks=1, heads=2, memory=(1, 5), batch=16, check_every=5
)
TIMEGAN = TimeGan.Settings(window=8, hidden=6, layers=2, batch=16, candidates=3, overlap=2, check_every=5)
DAILY = DailyFlow.Settings(width=16, layers=1, batch=64, pool=512, settling=4, check_every=5)
RCGAN = Rcgan.Settings(window=8, noise=3, hidden=6, batch=16, candidates=3, check_every=5)
TIMEVAE = TimeVae.Settings(window=8, code=2, width=4, batch=16, candidates=3, check_every=5)
# Where the settings of the generator itself take too long.
SMALL = {"daily_flow": DAILY, "flow": FLOW, "rcgan": RCGAN, "timegan": TIMEGAN, "timevae": TIMEVAE}
BUDGET = Budget(steps=10)


def settings_of(kind):
    return SMALL.get(kind.name) or kind.Settings()


def quiet(share, text):
    pass


def clustered(steps=400, channels=3, seed=3):
    """Return one history float64[1, steps, channels] with volatility clustering and unequal units."""
    draw = np.random.default_rng(seed)
    scale, rows = 1.0, []
    for _ in range(steps):
        row = scale * draw.standard_normal(channels)
        scale = np.sqrt(0.1 + 0.8 * scale**2 + 0.1 * row[0] ** 2)
        rows.append(row)
    values = np.array(rows)
    values[:, -1] = 0.5 * values[:, 0] + 0.01 * values[:, -1]
    return Sequences((values * 10.0 ** np.arange(channels) + 3.0)[None])


def fitted(kind, streams, data=None, settings=None, budget=BUDGET):
    settings = settings or settings_of(kind)
    return kind.fit(data or clustered(), settings, streams, budget, quiet)
