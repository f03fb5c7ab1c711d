"""From text to batches: text rules, vocabulary, corpora and their split, batches."""
