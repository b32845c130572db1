"""Judge whether the synthetic side is like the real one, good for the job, and safe to hand over."""

from finsim.catalog import Catalog, Entry

_F, _U, _P = "finsim.evaluation.fidelity", "finsim.evaluation.utility", "finsim.evaluation.privacy"

METRICS = Catalog(
    "metric",
    {
        "kolmogorov": Entry(
            f"{_F}.kolmogorov:METRIC", "Largest gap of two distribution functions, per column"
        ),
        "wasserstein": Entry(
            f"{_F}.wasserstein:METRIC", "Area between two distribution functions, per column"
        ),
        "autocorrelation": Entry(f"{_F}.autocorrelation:METRIC", "Memory of returns and of absolute returns"),
        "clustering": Entry(f"{_F}.clustering:METRIC", "Strength of volatility clustering as a log ratio"),
        "leverage": Entry(f"{_F}.leverage:METRIC", "How falls raise later volatility"),
        "two_sample": Entry(f"{_F}.two_sample:METRIC", "Can boosted trees tell the two sides apart"),
        "drift": Entry(f"{_F}.drift:METRIC", "Trend of volatility and tail weight over simulated years"),
        "drift_distance": Entry(
            f"{_F}.drift_distance:METRIC", "Distance of the last simulated year from the first"
        ),
        "hill": Entry(f"{_F}.hill:METRIC", "Tail index of losses and gains"),
        "tail_reach": Entry(f"{_F}.tail_reach:METRIC", "Real days beyond the most extreme synthetic day"),
        "expected_shortfall": Entry(f"{_F}.expected_shortfall:METRIC", "Mean of the worst hundredth of days"),
        "kurtosis": Entry(f"{_F}.kurtosis:METRIC", "Tail weight at 1, 5 and 20 days"),
        "correlation": Entry(f"{_F}.correlation:METRIC", "Rank correlation across assets and columns"),
        "tail_dependence": Entry(f"{_F}.tail_dependence:METRIC", "Worst days that assets share"),
        "discriminative": Entry(f"{_U}.discriminative:METRIC", "TimeGAN discriminative score"),
        "predictive": Entry(f"{_U}.predictive:METRIC", "TimeGAN predictive score"),
        "detector": Entry(f"{_U}.detector:METRIC", "Recall of a detector at fixed alert budgets"),
        "decoys": Entry(f"{_U}.decoys:METRIC", "False alarms on benign look-alikes"),
        "shortcuts": Entry(f"{_U}.shortcuts:METRIC", "Single columns that give the label away"),
        "scheme_counts": Entry(f"{_U}.scheme_counts:METRIC", "Number of schemes against the planned rate"),
        "loan_margins": Entry(f"{_F}.loan_margins:METRIC", "Distribution of every shared loan column"),
        "loan_dependence": Entry(f"{_F}.loan_dependence:METRIC", "Association of all pairs of loan columns"),
        "loan_two_sample": Entry(
            f"{_F}.loan_two_sample:METRIC", "Can boosted trees tell loans from applications"
        ),
        "default_clusters": Entry(f"{_F}.default_clusters:METRIC", "Dispersion of monthly default counts"),
        "loss_tail": Entry(f"{_U}.loss_tail:METRIC", "Portfolio VaR and ES with their sampling error"),
        "bar_copies": Entry(f"{_P}.bar_copies:METRIC", "Bars that repeat a real bar"),
        "shape_copies": Entry(
            f"{_P}.shape_copies:METRIC", "Bars that repeat a real bar at another price level"
        ),
        "window_copies": Entry(f"{_P}.window_copies:METRIC", "Runs of returns that repeat a real run"),
        "near_copies": Entry(f"{_P}.near_copies:METRIC", "Windows too close to the training part"),
    },
)

__all__ = ["METRICS"]
