"""Chapter 2 of the article: losses that compare regions, by their overlap."""
