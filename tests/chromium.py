"""The browser of the browser tests: the machine's own Chromium, which nothing here downloads."""

import os
import shutil

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120_000  # milliseconds for a page: it fails on what is wrong with it, and not on a machine that is busy


def chromium() -> str:
    """Its path. A machine without one leaves the browser tests out, unless nothing may be left out (CI)."""
    found = shutil.which("chromium")
    if found is None and "NURTURE_NO_SKIPS" in os.environ:
        pytest.fail("there is no chromium on this machine")
    if found is None:
        pytest.skip("there is no chromium on this machine")
    return found
