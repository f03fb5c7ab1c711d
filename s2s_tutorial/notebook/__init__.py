"""Show source, tables and pictures in notebooks."""
