"""Differential privacy per entity: clipped, sampled and noised training, and what it spends.

Others may import every file here. One entity's whole contribution is clipped together
(``entity_gradients``), entities are sampled and noised by ``private_steps``, ``ledger`` counts, and
``statement`` says what was counted and what was not.
"""
