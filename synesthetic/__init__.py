"""Hear an emotion, see it: reproducible, notebook-first affective computing."""
import lazy_loader

__version__ = "0.1.0"

# The public names are listed in __init__.pyi. Each is loaded when it is first used, so that importing the package loads nothing heavy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
