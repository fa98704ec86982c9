"""Hear an emotion, see it: reproducible, notebook-first affective computing."""
__version__ = "0.1.0"
