"""Corpus-level analyses of a finished run: pure functions on its tables, and one entry per command."""
