"""Two tables of a user -> typed sides, the kind of evaluation, and the roles of columns."""
