"""A plan in a file, and whether what it saw still holds when it is applied (language.md 8, 11.7)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.plan import Plan
from nurture.engine.plan_words import document

TENTH, FEW = 0.1, 10  # a head count may grow by so much between a plan and its apply
AGAIN = "plan again"


def write_plan(found: Plan, path: Path) -> None:
    """Keep a plan for `apply --plan`."""
    path.write_text(json.dumps(document(found), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_bound(path: Path) -> Mapping[str, Any]:
    """What a plan file was bound to; MisuseError for a file that is none."""
    try:
        bound = json.loads(path.read_text(encoding="utf-8"))["bound"]
        return {name: bound[name] for name in ("application", "files", "answer", "counts")}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise MisuseError(f"{path} is no plan; `nurture plan --out {path}` writes one.") from fault


def refuse_moved(found: Plan, bound: Mapping[str, Any]) -> None:
    """RefusedError when the state has moved so that the plan's answer is another now."""
    if bound["application"] != found.application:
        raise RefusedError(f"something else was applied since this plan was made: {AGAIN}.")
    if bound["files"] != found.files:
        raise RefusedError(f"the files are not those that were planned: {AGAIN}.")
    if bound["answer"] != found.answer:
        raise RefusedError(f"people have moved on since, and the plan's answer is another now: {AGAIN}.")
    for name, count in found.counts.items():
        planned = int(bound["counts"].get(name, 0))
        if count > planned + max(FEW, planned * TENTH):
            raise RefusedError(f"{name}: {count:,} now, {planned:,} when it was planned: {AGAIN}.")
