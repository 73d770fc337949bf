"""The verb for what links are signed with: secrets."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say, say_next


@command("secrets", "nurture secrets rotate        from now on links are signed with a new secret")
@click.argument("act", type=click.Choice(["rotate"]))
def secrets_command(asked: Asked, act: str) -> None:  # noqa: ARG001 - there is one act so far
    """Draw a new secret for the links in mails. Links that went keep working, for ever."""
    from nurture.engine.secrets import rotate
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        count = rotate(shop, now())
    if asked.json:
        return answer({"believed": count})
    say(f"A new secret signs links from now on; {count} are believed. Links that went keep working.")
    say("Back the store up now: with a backup from before, links signed from now on would not be believed.")
    say("A running daemon signs with it from its next mails on, and its pages believe both.")
    return say_next("nurture status", "nurture doctor")


COMMANDS = {"secrets": secrets_command}
