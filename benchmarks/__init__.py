"""Benchmark programs: `python -m benchmarks`. benchmarks/README.md explains them and keeps the results."""
