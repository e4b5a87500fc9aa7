"""Lets `python -m liudai` be the command, as the supervisor starts its children."""

from __future__ import annotations

from liudai.cli import main

if __name__ == "__main__":
    main()
