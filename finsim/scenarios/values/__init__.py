"""From written curves to numbers at times: step means (``step_means.py``), curves that meet (``meeting.py``)."""
