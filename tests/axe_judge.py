"""axe in a page of Chromium: what it finds that keeps people out (WCAG 2.2 A and AA, and its best practices)."""

import os
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"  # npm ci --prefix tests/axe
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_source() -> str:
    """The text of axe. Where it is not installed its tests are left out, unless nothing may be (CI)."""
    if AXE.exists():
        return AXE.read_text(encoding="utf-8")
    cure = "axe is not installed: npm ci --prefix tests/axe --ignore-scripts"
    if "NURTURE_NO_SKIPS" in os.environ:
        pytest.fail(cure)
    pytest.skip(cure)


async def findings(page: Any, source: str) -> tuple[list[str], int]:
    """What axe finds wrong with the page as it stands, and how many of its rules the page passes."""
    if await page.evaluate("typeof axe === 'undefined'"):  # it stays when another document is written into the page
        await page.evaluate(source)
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    wrong = [f"{one['id']}: {one['nodes'][0]['html']}: {one['help']}" for one in found["violations"]]
    return wrong, len(found["passes"])
