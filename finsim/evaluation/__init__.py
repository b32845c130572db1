"""Evidence: metrics with intervals, floors and ceilings."""
