"""The pure core: everything nurture decides, with no clock, no I/O and no randomness of its own."""
