"""The shell: tick, hand over, take in; the only room that sees siblings together."""
