"""From written curves to numbers: step means (``step_means.py``), curves that meet (``meeting.py``)."""
