"""The verb for what readers write: replies."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.operating import by, speaker
from nurture.cli.output import answer, say, say_all, say_next

FEW = 30
ACTS = ("show", "done", "read")


@command(
    "replies",
    "nurture replies                     the letters that wait for an answer",
    "nurture replies show 7              one of them, whole",
    "nurture replies done 7 --by lena    it is answered; of a complaint: it is resolved",
    "nurture replies read Maildir        take in raw mails, of a shop that sends by SMTP",
)
@click.argument("act", required=False, type=click.Choice(ACTS))
@click.argument("which", metavar="[NUMBER|FILE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Every letter, also what is answered or automatic.")
@click.option("--limit", type=click.IntRange(min=1), default=FEW, show_default=True, help="How many.")
@click.option("--words", default="", help="What came of it; kept with its task.")
@by
def replies_command(
    asked: Asked, act: str | None, which: str | None, everything: bool, limit: int, words: str, by: str
) -> None:
    """Show what readers wrote, and who is to answer; or take in raw mails from a file, a folder or - (standard input).

    Whoever wrote `stop` has their refusal already; out-of-office answers are kept and disturb nobody.
    """
    if act is None:
        return listed(asked, limit, everything)
    if not which:
        raise click.UsageError(f"say which: nurture replies {act} {'FILE' if act == 'read' else 'NUMBER'}")
    if act == "read":
        return read_from(asked, which)
    if not (which.isascii() and which.isdecimal() and len(which) < 16):
        raise click.UsageError(f"'{which}' is no number of a letter; `nurture replies` shows them")
    return show(asked, int(which)) if act == "show" else finish_one(asked, int(which), words, by)


def listed(asked: Asked, limit: int, everything: bool) -> None:
    """The list."""
    from nurture.engine.replies import listing
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = listing(shop, live(shop.store).book, now(), limit, everything)
    if asked.json:
        return answer(found)
    say_all(found.lines())
    first = [f"nurture replies show {found.letters[0].number}"] if found.letters else []
    return say_next(*first, "nurture tasks" if everything else "nurture replies --all")


def show(asked: Asked, number: int) -> None:
    """One letter."""
    from nurture.engine.replies import opened
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = opened(shop, live(shop.store).book, number, now())
    if asked.json:
        return answer(found)
    say_all(found.lines())
    return say_next(
        f"nurture replies done {number}" if found.reply.due_on and not found.reply.done_by else "nurture replies"
    )


def finish_one(asked: Asked, number: int, words: str, by: str) -> None:
    """Somebody answered it."""
    from nurture.engine.replies import finish
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        said = finish(shop, live(shop.store).book, number, speaker(by), " ".join(words.split()), now())
    if asked.json:
        return answer({"act": "done", "said": said})
    say(said)
    return say_next("nurture replies")


def read_from(asked: Asked, source: str) -> None:
    """Raw mails."""
    import sys

    from nurture.engine.replies import read
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = read(shop, live(shop.store), source, sys.stdin.buffer, now())
    if asked.json:
        return answer(found)
    say_all(found.lines())
    return say_next("nurture replies")


COMMANDS = {"replies": replies_command}
