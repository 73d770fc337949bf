"""Sequence files to model: source with places, grammar, expressions, checker, schema."""
