"""Whether a scenario may mean what it says: remarks, and how its moves stand beside the bundled history.

``remarks.py`` lists what is odd, ``coherence.py`` tells severity from contradiction, ``bundled_history.py``
reads the Federal Reserve's quarters.
"""
