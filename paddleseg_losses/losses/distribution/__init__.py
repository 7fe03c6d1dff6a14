"""Chapter 1 of the article: losses that compare distributions, pixel by pixel."""
