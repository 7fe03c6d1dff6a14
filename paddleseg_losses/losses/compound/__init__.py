"""Chapter 4 of the article: weighted sums of losses of the other chapters."""
