"""Chaos: the demo's market against a bridge under attack, judged by the vendors' books. `scripts/chaos --help`."""
