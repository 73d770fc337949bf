"""The verb for the keys of the API: keys."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.operating import by, speaker
from nurture.cli.output import answer, say, say_next


@command(
    "keys",
    "nurture keys                                       who may tell us what",
    "nurture keys new till --scope contacts,events      a new key; it is shown this once",
    "nurture keys revoke till                           from now on it is believed no more",
)
@click.argument("act", required=False, type=click.Choice(["new", "revoke"]))
@click.argument("name", required=False)
@click.option("--scope", default="", metavar="WORDS", help="What it may tell: contacts events things numbers consents.")
@by
def keys_command(asked: Asked, act: str | None, name: str | None, scope: str, by: str) -> None:
    """Show, make and revoke the keys with which other systems tell us of people and events (docs/api.md).

    Only a hash of a key is kept: one that was lost is revoked, and another made.
    """
    from nurture.engine.api_keys import listing, new_key, revoke
    from nurture.wiring import now, workshop

    if act is not None and not name:
        raise click.UsageError(f"say which: nurture keys {act} NAME")
    if scope and act != "new":
        raise click.UsageError("--scope goes with `keys new`")
    with workshop(asked.root) as shop:
        if act == "new":
            return made(asked, name or "", new_key(shop, name or "", words(scope), speaker(by), now()))
        if act == "revoke":
            revoke(shop, name or "", now())
        found = list(listing(shop))
    if asked.json:
        return answer({"keys": found})
    if act == "revoke":
        say(f"Revoked: {name}. Whoever presents it is answered as a stranger.")
    else:
        say("No key yet." if not found else f"{len(found)} key{'' if len(found) == 1 else 's'}")
        for one in found:
            say(one.words())
    return say_next("nurture keys" if act else "nurture keys new NAME --scope contacts,events")


def words(scope: str) -> tuple[str, ...]:
    """Scopes between commas or spaces, each once."""
    return tuple(dict.fromkeys(scope.replace(",", " ").split()))


def made(asked: Asked, name: str, key: str) -> None:
    """The only time that a key is shown."""
    if asked.json:
        return answer({"name": name, "key": key})
    say(f"The key of {name}, shown this once; only its hash is kept:")
    say()
    say(f"  {key}")
    say()
    return say_next("nurture keys", f"nurture keys revoke {name}")


COMMANDS = {"keys": keys_command}
