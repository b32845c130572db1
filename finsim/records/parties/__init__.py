"""Who stands behind payments, as tables: customers and merchants."""
