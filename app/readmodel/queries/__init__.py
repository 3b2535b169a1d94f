"""The questions that the read model answers: each a function of one database transaction."""
