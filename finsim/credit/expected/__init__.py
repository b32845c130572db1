"""Expected losses in closed form: of one year under a scenario."""
