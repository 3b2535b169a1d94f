"""The vendors: one folder each, with a client, its sweeps and a simulator."""
