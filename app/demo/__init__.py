"""The demo: both simulators, a shop full of customers, the bridge as a process of its own, and a verdict."""
