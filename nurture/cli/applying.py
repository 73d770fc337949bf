"""The door between files and what runs: apply."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.command import Asked, Instant, command
from nurture.cli.edge import DECISION, FINE
from nurture.cli.output import answer, say, say_all, say_next, typed
from nurture.cli.planning import PAST_HOUR, next_of, say_findings

if TYPE_CHECKING:
    from nurture.config import Config
    from nurture.deliver.protocol import Provider
    from nurture.engine.live import Choice
    from nurture.engine.plan import Plan
    from nurture.engine.workshop import Workshop


@command(
    "apply",
    "nurture apply",
    'nurture apply --due-now "spread 3 days"',
    "nurture apply --plan plan.json --yes-send 4",
    'nurture apply --version-of "2026-11-21 14:01"     what was live then, as a new version',
)
@click.option("--due-now", default="", help="Who is due at once by it: send, old-day, or 'spread 3 days'.")
@PAST_HOUR
@click.option("--drop", multiple=True, help="NAME=stop: all inside a sequence whose file is gone leave.")
@click.option("--yes-send", type=click.IntRange(0), default=None, help="So many mails may go at once; do not ask.")
@click.option(
    "--plan",
    "planned",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Apply only if this plan of `nurture plan --out` still holds.",
)
@click.option("--version-of", type=Instant(), default=None, help="Make live again what was live at that moment.")
def apply_command(
    asked: Asked,
    due_now: str,
    past_hour: str | None,
    drop: tuple[str, ...],
    yes_send: int | None,
    planned: Path | None,
    version_of: datetime | None,
) -> int:
    """Check the files and make them live. People inside a sequence come to its new version as `nurture plan` says.

    Nobody is taken in for what happened before; mail text is live for everybody at once. Exit code 3: a decision is
    missing, or nobody said how many mails may go at once; nothing is changed then.
    """
    from nurture.engine.check import check
    from nurture.engine.choosing import choice_of, files_at
    from nurture.engine.project import read_files
    from nurture.wiring import workshop

    choice = choice_of(due_now, drop, past_hour or "")
    with workshop(asked.root) as shop:
        files = files_at(shop.store, version_of) if version_of is not None else read_files(asked.root)
        checked = check(files)
        if checked.book is None:
            return say_findings(asked, checked)
        return carry_out(asked, shop, files, choice, planned, yes_send, from_files=version_of is None)


def carry_out(
    asked: Asked,
    shop: "Workshop",
    files: Mapping[str, bytes],
    choice: "Choice",
    planned: Path | None,
    yes_send: int | None,
    *,
    from_files: bool,
) -> int:
    """Plan, ask, and make live; `from_files`: these are the files of the working tree, not those of before."""
    from nurture.engine.applying import make_live
    from nurture.engine.broadcasts import head_lines
    from nurture.engine.check import without_holidays
    from nurture.engine.plan_file import read_bound, refuse_moved
    from nurture.engine.plan_words import bound_of
    from nurture.engine.pools import fill_pools, refuse_without_pools
    from nurture.engine.seeding import copies_for_seeds, fresh_mails
    from nurture.wiring import configuration, now

    bound = read_bound(planned) if planned is not None else None
    found = planned_now(shop, files, choice)
    if bound is not None:
        refuse_moved(found, bound)
    if not asked.json and (said := past_hour_said(found, click.prompt)):
        choice = replace(choice, past_hour=said)
        found = planned_now(shop, files, choice)
    if found.missing:
        return say_missing(asked, found)
    if not asked.json:
        say_all(head_lines(shop.store, found.tree.book, now()))
    if not agreed(found.next_hour, yes_send, asked.json, click.prompt):
        return DECISION
    if found.next_hour and yes_send is None:
        again = planned_now(shop, files, choice)  # to type a number takes its time
        refuse_moved(again, bound_of(found))
        found = again
    refuse_without_pools(shop.store, asked.root, found.tree.book)
    moment = now()
    done = make_live(shop.store, found, files, moment, who(), commit_of(asked.root) if from_files else "")
    filled = fill_pools(shop.store, asked.root, found.tree.book, moment)
    copies = tuple(
        copies_for_seeds(
            configuration(asked.root), way_out, found.tree.book, files, fresh_mails(found, done.versions), now()
        )
    )
    if asked.json:
        answer(done)
        return FINE
    say_all(done.lines())
    say_all(copies)
    say_all(filled.lines())
    say_all(f"{one.place}: warning {one.code}: {one.message} ({one.hint})" for one in without_holidays(found.tree.book))
    if not found.first and done.changes:
        say(f"Applied {moment:%a} {moment.day} {moment:%b %Y %H:%M} UTC. To undo it:")
        say(f"  {undo(moment)}")
    say_next("nurture simulate --days 14", "nurture run --once")
    return FINE


def way_out(config: "Config") -> "Provider[Any, Any]":
    """What hands mails over; RefusedError while it may not send at all."""
    from nurture.wiring import provider, ready_to_send

    ready_to_send(config)
    return provider(config)


def planned_now(shop: "Workshop", files: Mapping[str, bytes], choice: "Choice") -> "Plan":
    """The plan as things stand at this moment."""
    from nurture.engine.choosing import refuse_not_gone
    from nurture.engine.plan import plan
    from nurture.language.project import read_project
    from nurture.wiring import now

    book = read_project(files).book
    if book is None:
        raise ValueError("files with errors are not planned")
    found = plan(shop.store, book, files, now(), choice)
    refuse_not_gone(choice, {one.name: one for one in found.sequences if one.how == "gone"})
    return found


def say_missing(asked: Asked, found: "Plan") -> int:
    """A decision is missing: the plan says which, and nothing is changed."""
    from nurture.engine.plan_words import document, plan_lines

    if asked.json:
        answer(document(found))
        return DECISION
    say_all(plan_lines(found))
    say("Nothing was changed.")
    say_next(*next_of(DECISION, None))
    return DECISION


def past_hour_said(found: "Plan", ask: Callable[..., str]) -> str:
    """Whether those get a broadcast whose hour has passed, asked where nothing else is missing: send, skip, or nothing.

    Where nobody can type, nothing was said, and the plan says what is missing.
    """
    from nurture.engine.plan import PAST_HOUR

    if not found.missing or not all(one.key.startswith(f"{PAST_HOUR} ") for one in found.missing):
        return ""
    for one in found.missing:
        say(one.words.partition(" Add  ")[0])
    try:
        said = ask("Send it to them all the same, or skip them? (send/skip)", default="", show_default=False)
    except click.Abort:
        return ""
    return said.strip() if said.strip() in ("send", "skip") else ""


def undo(moment: datetime) -> str:
    """The command that makes live again what was live before this moment."""
    return f'nurture apply --version-of "{moment - timedelta(milliseconds=1):%Y-%m-%d %H:%M:%S.%f}+00:00"'


def agreed(count: int, yes_send: int | None, quiet: bool, ask: Callable[..., str]) -> bool:
    """Whether a person typed how many mails can go at once because of this, which nobody does by mistake."""
    if count == 0 or yes_send == count:
        return True
    messages = "1 message" if count == 1 else f"{count:,} messages"
    if quiet:
        answer({"applied": False, "next_hour": count, "said": yes_send})
        return False
    say(f"The most that can go out in the next hour because of this: {messages}.")
    if yes_send is not None:
        say(f"--yes-send says {yes_send:,}.")
    elif typed(count, "go ahead", ask):
        return True
    say("Nothing was changed.")
    say_next(f"nurture apply --yes-send {count}")
    return False


def commit_of(root: Path) -> str:
    """The short name of the git commit that the files stand at, said when they differ; empty where there is none."""
    commit = _git(root, "rev-parse", "--short", "HEAD")
    edited = _git(root, "status", "--porcelain", "--", "sequences", "templates") if commit else ""
    return f"{commit} and edits since" if edited else commit


def _git(root: Path, *question: str) -> str:
    """What git says of the folder; empty where it says nothing, or is not there."""
    import subprocess

    try:
        told = subprocess.run(  # noqa: S603 - nothing of it is anybody's input
            ["git", "-C", str(root), *question],  # noqa: S607 - the git that the user has
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # no git on this machine
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def who() -> str:
    """The name that an applied version is kept under; a container's user may have none, only a number."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name in the environment and no entry for the number
        return f"user {os.getuid()}"


COMMANDS = {"apply": apply_command}
