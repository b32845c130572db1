"""Notes on each metric: how it is computed and what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from finsim.evaluation import METRICS


@dataclass(frozen=True)
class Note:
    """How a metric is computed, and what it misses."""

    how: str
    misses: str


_NOTES = {
    "kolmogorov": Note(
        "Largest gap between the distribution functions of one column, real against synthetic, all paths "
        "pooled.",
        "Blind in the tails: beyond the 99.9 % quantile it can differ by at most 0.001. Says nothing about "
        "order.",
    ),
    "wasserstein": Note(
        "Area between the two distribution functions of one column, in real interquartile ranges.",
        "Dominated by the bulk and by single extremes of heavy tails; says nothing about the order of days.",
    ),
    "autocorrelation": Note(
        "Mean absolute gap of the autocorrelations over the stated lags; values are capped at the 99.5 % "
        "quantile of each path first, so that one crash day does not decide.",
        "Only pairwise, linear memory; two eras of one real series differ a lot, so its floor is wide.",
    ),
    "clustering": Note(
        "Absolute log ratio of the mean autocorrelation of |r| over lags 1 to 20, synthetic against real.",
        "One number for the strength: not the shape of the decay, and not regimes longer than a month.",
    ),
    "leverage": Note(
        "Gap of the correlation between a return and later squared returns: falls raise volatility.",
        "Small in single stocks; a wrong sign at some lags can cancel in the mean.",
    ),
    "two_sample": Note(
        "Gradient-boosted trees learn to tell real from synthetic windows; the score is their AUC on "
        "windows they have not seen. 0.5 means they cannot.",
        "Sees what its features show; a stronger judge may find more. High scores do not say what is wrong.",
    ),
    "drift": Note(
        "Trend of yearly volatility, and of yearly tail weight, from the first simulated year to the last.",
        "A slow swing up and back down leaves no trend; see drift_distance.",
    ),
    "drift_distance": Note(
        "Area between the return distributions of the first and the last simulated year, in real "
        "interquartile ranges.",
        "Compares the two ends only; the years between are in the note of the score.",
    ),
    "hill": Note(
        "Absolute log ratio of the Hill tail indices (largest 5 % of losses, and of gains). Source: Hill "
        "1975.",
        "Depends on the share taken as the tail; says how heavy a tail is, not where it begins.",
    ),
    "tail_reach": Note(
        "Share of real days that lie beyond the most extreme synthetic day of all paths; the ceiling is a "
        "synthetic side without its outer hundredth.",
        "Sees only whether the extremes are reached, not how often; see hill and expected_shortfall.",
    ),
    "expected_shortfall": Note(
        "Absolute log ratio of the mean of the worst (best) hundredth of days.",
        "One level and one day ahead; sequences of bad days are measured by clustering and tail dependence.",
    ),
    "kurtosis": Note(
        "Log ratio of a robust tail weight at horizons of 1, 5 and 20 days, averaged.",
        "Symmetric: a missing left tail can be paid for by a fat right one; see hill for the sides.",
    ),
    "correlation": Note(
        "Mean absolute gap of the rank correlations, of returns across assets and of all bar columns.",
        "An average over the whole history: correlations that rise in crises look like their mean.",
    ),
    "tail_dependence": Note(
        "How often assets have their worst days together, compared with the real share.",
        "Rests on a few days; wide intervals are its honest answer for short histories.",
    ),
    "discriminative": Note(
        "|accuracy - 0.5| of a small recurrent network that sorts real from synthetic windows. Source: "
        "Yoon et al. 2019.",
        "Varies with the judge's training; below its floor it cannot rank generators.",
    ),
    "predictive": Note(
        "Error on real windows of a forecaster trained on synthetic ones, beside one trained on real ones. "
        "Source: Yoon et al. 2019.",
        "Prices close to a martingale can hardly be forecast, so most generators come out alike.",
    ),
    "detector": Note(
        "Boosted trees learn on one part of the accounts' history and rank the rows of another; recall is "
        "the share of illicit rows (or of schemes) among the highest-ranked share of rows named by the "
        "alert budget.",
        "Trained and tested on synthetic rows unless real test rows were given: it says the schemes can be "
        "learned, not that real ones would be found. Near 1 the schemes are too easy.",
    ),
    "decoys": Note(
        "Share of rows of benign look-alikes that the detector alerts at the middle alert budget; the "
        "floor is that of all benign rows.",
        "Knows only the look-alikes that the study injects.",
    ),
    "shortcuts": Note(
        "AUC of the best single raw column, of the best identifier, and of graph degrees alone, against "
        "the illicit label. One column that sorts rows by itself makes the task a toy.",
        "Pairs of columns that together give the label away.",
    ),
    "scheme_counts": Note(
        "Number of injected schemes of one story against the number its rate plans; the interval is the 99 "
        "% Poisson interval of the plan, and the goal is a target, not a limit.",
        "Whether the planned rate is that of any real bank.",
    ),
    "loan_margins": Note(
        "Distance of the distribution of one column between loans and real applications: KS for numbers, "
        "total variation for categories.",
        "Says nothing about combinations of columns; see loan_dependence and loan_two_sample.",
    ),
    "loan_dependence": Note(
        "Mean absolute gap of Cramér's V over all pairs of columns, numbers cut at the real quintiles.",
        "Pairs only, and an average: one wrong pair among many hides in it.",
    ),
    "loan_two_sample": Note(
        "AUC, across folds, of boosted trees that try to tell a synthetic loan from a real application; "
        "the ceiling is independent columns with the real margins.",
        "A stronger judge may find more; the score does not say what is wrong.",
    ),
    "default_clusters": Note(
        "Variance of monthly default counts over what independent defaults would give; 1 means no "
        "clustering.",
        "There is no real monthly panel to compare with: above 1 is asked for, how far is not.",
    ),
    "loss_tail": Note(
        "Value at risk and expected shortfall of the portfolio with the 95 % interval of their sampling "
        "error; a pass means there are enough draws, not that the figure is right.",
        "Model error: PD, LGD and correlations are taken as given.",
    ),
    "bar_copies": Note(
        "Number of synthetic bars whose open, high, low, close and volume all equal those of a training "
        "bar; every bar is compared.",
        "Any change of level or a little noise hides a copy from it; see shape_copies, window_copies and "
        "near_copies.",
    ),
    "shape_copies": Note(
        "Number of bars with exactly the proportions open : high : low : close of a training bar.",
        "Blind to copies with noise.",
    ),
    "window_copies": Note(
        "Number of runs of successive returns that repeat a run of real returns, at any date and price "
        "level.",
        "Blind to copies with noise, with changed volatility or run backwards.",
    ),
    "near_copies": Note(
        "Share of windows much nearer to training data than to real data the generator never saw: "
        "conformal p-values, false discovery rate bounded by Benjamini and Hochberg.",
        "Needs a comparable hold-out; when the market changed between the two parts its power falls.",
    ),
}
NOTES = MappingProxyType(_NOTES)


def note_of(metric: str) -> Note:
    """Return the note of a metric; for one without, its line of the catalogue and the missing limits."""
    if metric in NOTES:
        return NOTES[metric]
    entry = METRICS.entries.get(metric)
    how = f"{entry.summary}." if entry else "This metric is not in the catalogue of this version."
    return Note(how, "Its limits are not written down yet.")
