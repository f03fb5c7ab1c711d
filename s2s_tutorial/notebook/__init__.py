"""What notebooks show: source, tables, pictures."""
