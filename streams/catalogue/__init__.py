"""The catalogue flow: which article carries which code, and which offer sells which article."""
