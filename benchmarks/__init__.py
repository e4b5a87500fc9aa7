"""Runnable measurements, each beside a baseline in the same run: `python -m benchmarks.<name>`.

The last line of each reads `<name>: <figure> (bar <bar>): holds` or `falls short`; both exit 0,
and only a measurement that cannot be made exits 1, with one line saying why.
"""
