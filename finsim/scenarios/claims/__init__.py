"""What a file may claim of its own effect: the names of all that is measured (``metric_names.py``)."""
