"""Historical records: one reader a published format, and the loader that takes their rows in, in batches."""
