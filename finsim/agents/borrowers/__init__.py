"""Customers who have loans: which ones, and what they pay and miss month by month."""
