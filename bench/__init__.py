"""`make bench`: Trailmap measured, and beside it DuckDB and a bare COPY. docs/benchmark.md tells what is measured."""
