"""What banks come to know of fraud and laundering, and when: claims of customers, alerts, cases, reports.

From rates (``agents.observed_rates``) to the days on which payments are known (``bank_watch``) and tables.
"""
