"""What holds for all tests: how Hypothesis looks for examples."""

import os

from hypothesis import settings

# No deadline: a busy machine is no broken law. In CI the examples are the same each time, so that a change is
# judged by what it changes; at a desk they are new each time, and so keep finding what nobody thought of.
settings.register_profile("house", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("house")
