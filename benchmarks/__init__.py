"""Repeatable measurements, each beside a peer or a limit measured in the same run. See docs/benchmarks.md."""
