"""The flow: a rectified-flow transformer that continues a history.

Others import ``flow`` only.
"""
