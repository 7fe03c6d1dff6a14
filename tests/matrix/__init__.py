"""The versions that the package is tested with: `make test-matrix`."""
