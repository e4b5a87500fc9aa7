"""Four eyes as one mechanism: a change is proposed, read, approved by another person, applied once.

A kind of change is declared in one file under `kinds/` and listed in `registry.py`.
"""
