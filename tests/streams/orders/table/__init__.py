"""Orders of every kind, and exactly what is sent for each: cases.py has them, the files beside it what was sent."""
