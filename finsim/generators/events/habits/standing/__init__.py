"""Standing payments: the same sum to the same payee once a period, such as wages, rent and subscriptions."""
