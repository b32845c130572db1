"""What-if courses of the macro engine beside what came, an unrestricted autoregression and standing still.

Run: ``python benchmarks/macro_engine.py``. At two quarters of each year the engine learns the bundled Federal
Reserve history up to then, is given the unemployment of the next eight quarters, and answers for the rest.
Printed is the root mean square error of each variable over that of standing still; below 1 the engine knows
something. The default settings were chosen among those printed here: their figures are no fresh test.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Float2D
from finsim.scenarios.macro_engine.autoregression import MacroModel, MacroSettings, learn
from finsim.scenarios.macro_engine.conditional_path import conditional_path
from finsim.scenarios.macro_engine.macro_history import MacroHistory, read_history
from finsim.scenarios.macro_engine.minnesota_prior import lagged

AHEAD = 8
ORIGINS = [4 * year + quarter for year in range(2002, 2022) for quarter in (0, 2) if not 2018 <= year <= 2020]
SETTINGS = {
    "default": MacroSettings(),
    "looser prior": MacroSettings(tightness=0.3),
    "tighter prior": MacroSettings(tightness=0.03),
    "four lags": MacroSettings(lags=4),
    "normal surprises": MacroSettings(freedom=1e6),
}


def until(history: MacroHistory, quarter: int) -> tuple[MacroHistory, Float2D]:
    """Return the history up to a quarter, and what came after it."""
    known = len(history.values) - (history.last - quarter)
    return MacroHistory(history.names, history.values[:known], quarter, history.file), history.values[known:]


def unrestricted(history: MacroHistory, lags: int = 2) -> MacroModel:
    """Return the vector autoregression of least squares."""
    past, target = lagged(history.values, lags), history.values[lags:]
    found = np.linalg.lstsq(past, target, rcond=None)[0].astype(np.float64)
    rest = target - past @ found
    k = target.shape[1]
    own = found[:-1].reshape(lags, k, k).transpose(0, 2, 1)
    covariance: Float2D = rest.T @ rest / max(len(rest) - past.shape[1], 1)
    return MacroModel(history, own, found[-1], covariance, covariance, np.ones(len(rest)))


def main() -> None:
    """Print the table."""
    history = read_history()
    jobs = history.names.index("unemployment")
    errors: dict[str, list[Float2D]] = {name: [] for name in (*SETTINGS, "least squares", "standing still")}
    for origin in ORIGINS:
        known, came = until(history, origin)
        came = came[:AHEAD]
        if len(came) < AHEAD:
            continue
        given = {(quarter, jobs): float(came[quarter, jobs]) for quarter in range(AHEAD)}
        models = {name: learn(known, settings) for name, settings in SETTINGS.items()}
        models["least squares"] = unrestricted(known)
        for name, model in models.items():
            errors[name].append(conditional_path(model, AHEAD, given).path - came)
        errors["standing still"].append(known.values[-1] - came)
    still = np.sqrt(np.mean(np.concatenate(errors.pop("standing still")) ** 2, axis=0))
    others = [j for j in range(len(history.names)) if j != jobs]
    print(
        f"{len(errors['default'])} origins, {AHEAD} quarters, unemployment given; error over standing still"
    )
    print("settings".ljust(18), *(history.names[j].rjust(13) for j in others), "geometric mean")
    for name, found in errors.items():
        ratio = np.sqrt(np.mean(np.concatenate(found) ** 2, axis=0)) / still
        print(
            name.ljust(18),
            *(f"{ratio[j]:13.2f}" for j in others),
            f"{np.exp(np.log(ratio[others]).mean()):.2f}",
        )


if __name__ == "__main__":
    main()
