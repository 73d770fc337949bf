"""The verbs that write files anew without a change of what they say: fmt, convert."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_next


@command(
    "fmt",
    "nurture fmt                 every file of sequences/ in the one layout",
    "nurture fmt welcome         one file",
    "nurture fmt --check         change nothing; exit 1 when something would change, for CI",
    "nurture fmt --quote         in quotes, too, what YAML 1.1 takes for something else (NO, 21:00)",
)
@click.argument("files", nargs=-1)
@click.option("--check", is_flag=True, help="Only say which files would change.")
@click.option("--quote", is_flag=True, help="Quote what other programs, which read YAML 1.1, would twist.")
def fmt_command(asked: Asked, files: tuple[str, ...], check: bool, quote: bool) -> int:
    """Bring YAML files into one layout; what they say, and every comment, stays."""
    from nurture.engine.rewriting import lay_out

    done = lay_out(asked.root, files, write=not check, quote=quote)
    if asked.json:
        answer({"files": done.files, "changed": done.changed, "broken": done.broken})
    else:
        for name in done.changed:
            say(f"{'would change' if check else 'changed'}  {name}")
        for name in done.broken:
            say(f"left alone  {name}: it has mistakes")
        say(f"{plural(done.files, 'file')}, {len(done.changed)} {'to change' if check else 'changed'}")
        say_next("nurture check" if done.broken or not check else "nurture fmt")
    return FINDINGS if done.broken or (check and done.changed) else FINE


@command(
    "convert",
    "nurture convert welcome                     sequences/welcome.yaml becomes welcome.toml, or back",
    "nurture convert sequences/house/gifts.yaml",
)
@click.argument("file")
def convert_command(asked: Asked, file: str) -> None:
    """Turn a file from YAML into TOML, or back. Comments are lost."""
    from nurture.engine.rewriting import turn

    done = turn(asked.root, file)
    if asked.json:
        answer({"written": done.written, "removed": done.removed, "comments_lost": done.comments})
        return
    say(f"Written: {done.written}; {done.removed} is gone.")
    if done.comments:
        say(f"{plural(done.comments, 'comment')} did not come along; git still has the old file.")
    say_next("nurture check")


COMMANDS = {"fmt": fmt_command, "convert": convert_command}
