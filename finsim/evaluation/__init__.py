"""Judge whether the synthetic side is like the real one, good for the job, and safe to hand over."""

from finsim.evaluation.metric_catalog import METRICS

__all__ = ["METRICS"]
