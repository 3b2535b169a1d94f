"""Replay: rows worked out anew from their events and the vendors' raw answers, with the present code and settings,
beside the live ones; and, when a person wants it, put in their place. docs/decisions/0007-replay.md."""
