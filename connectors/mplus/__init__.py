"""MplusKASSA: the client, and a simulator that imports nothing of it."""
