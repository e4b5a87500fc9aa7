"""The kinds of changes, one a file; `registry.py` lists them."""
