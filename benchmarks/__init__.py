"""Time, memory and accuracy of every loss beside its peers: `make bench`, or `python -m benchmarks --help`."""
