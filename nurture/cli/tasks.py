"""The verb for what the shop's people have to do: tasks."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.operating import by, speaker
from nurture.cli.output import answer, say, say_all, say_next

EVERYTHING = 1_000_000_000


@command(
    "tasks",
    "nurture tasks                          what is due, the latest first",
    "nurture tasks --mine lena              what is for Lena, or taken by her",
    "nurture tasks take 4f2a9c --by lena    nobody else need do it",
    "nurture tasks done 4f2a9c --words 'she likes the new roast'",
)
@click.argument("act", required=False, type=click.Choice(["take", "done"]))
@click.argument("key", required=False)
@click.option(
    "--mine", metavar="NAME", default="", help="Only what is for this person of rules.yaml, or taken by them."
)
@click.option("--all", "everything", is_flag=True, help="Also what is done.")
@click.option("--words", default="", help="What came of it; kept with the task.")
@by
def tasks_command(
    asked: Asked, act: str | None, key: str | None, mine: str, everything: bool, words: str, by: str
) -> None:
    """Show the tasks that sequences made, overdue first; take one, or say that it is done.

    KEY is the beginning of a task's key. What waits for a task goes on when it is done; a letter's task is its answer.
    """
    from nurture.engine.tasks import do, listing
    from nurture.wiring import live, now, workshop

    if act is None:
        with workshop(asked.root) as shop:
            found = listing(shop, live(shop.store).book.rules, now(), EVERYTHING, mine, everything)
        if asked.json:
            return answer(found)
        say_all(found.lines())
        first = next((one.key[:12] for one in found.tasks if one.done_at is None), None)
        acts = [f"nurture tasks take {first}", f"nurture tasks done {first}"] if first else ["nurture status"]
        return say_next(*acts)
    if not key:
        raise click.UsageError(f"say which: nurture tasks {act} KEY; `nurture tasks` shows the keys")
    with workshop(asked.root) as shop:
        said = do(shop, live(shop.store).book, act, key, speaker(by), " ".join(words.split()), now())
    if asked.json:
        return answer({"act": act, "said": said})
    say(said)
    return say_next("nurture tasks", "nurture run --once" if act == "done" else "nurture show PERSON")


COMMANDS = {"tasks": tasks_command}
