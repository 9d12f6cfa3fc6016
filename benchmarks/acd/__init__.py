"""The contact centre measured: simulation, decisions, assignments through Redis: benchmarks/README.md."""
