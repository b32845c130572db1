"""Active simulation: what households buy and banks lose acts on the economy, quarter after quarter.

``banks_and_households.py`` says what one quarter's moves do to demand, ``active_loop.py`` closes the loop.
"""
