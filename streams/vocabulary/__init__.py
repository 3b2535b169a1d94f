"""The shared words: events, effects, outcomes, money, time. It imports nothing of the project."""
