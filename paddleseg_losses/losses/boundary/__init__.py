"""Chapter 3 of the article: losses that compare boundaries, by distances."""
