"""Devices that payments are ordered from: whose they are, when they change, and what they log in for."""
