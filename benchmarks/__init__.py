"""Measure imports against the least work that loads the same rows: `python -m benchmarks --size 100000`, or `make bench`."""
