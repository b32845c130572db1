"""How an object shows itself: a card of facts as text for a terminal and as HTML for a notebook.

``Card`` and ``ShownRecord`` (shown_record) are what other rooms import, and the words of ``fact_words``.
"""
