"""Measurements, as commands: `scripts/bench`."""
