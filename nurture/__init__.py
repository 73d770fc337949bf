"""nurture: relationship marketing from plain files."""

__version__ = "0.1.0"
