"""Makes the documents: from the registry, the docstrings and options, and the hand-written texts beside this folder."""
