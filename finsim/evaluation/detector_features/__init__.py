"""Features of payments for fraud and money-laundering detectors, from what is known before each payment."""

from finsim.evaluation.detector_features.compute import features
from finsim.evaluation.detector_features.definitions import FEATURES, GROUPS, Feature, feature_definitions
from finsim.evaluation.detector_features.known_labels import known_labels
from finsim.evaluation.detector_features.splitting import split_by_time

__all__ = [
    "FEATURES", "GROUPS", "Feature", "feature_definitions", "features", "known_labels", "split_by_time",
]  # fmt: skip
