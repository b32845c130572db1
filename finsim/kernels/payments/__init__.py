"""Kernels over payments in time order: what is known of payer, payee and pair before each payment."""
