"""German and English: lexicon, inflection, phrases, clauses and sentences."""
