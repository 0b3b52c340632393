"""Benchmarks: raw limits, peers and this package measured in one run. See docs/benchmarks.md."""
