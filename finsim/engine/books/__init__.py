"""The book of a day: which bars it shows, what a scenario does to it, and its files."""
