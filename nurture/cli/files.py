"""The verbs that write files for a person to go on with: init, new."""

from pathlib import Path

import click

from nurture.cli.command import Asked, ExampleGroup, command
from nurture.cli.output import answer, plural, say, say_next


@command(
    "init",
    "nurture init my_shop      a folder with everything, ready to run",
    "nurture init              in the folder you are in",
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def init_command(asked: Asked, folder: Path | None) -> None:
    """Make a new project from the starter book: sequences, mails in five languages, config.toml."""
    from nurture.engine.check import book_of
    from nurture.engine.starter import make_project, write_schemas

    target = (folder or asked.project or Path()).resolve()
    written = make_project(target)
    written += write_schemas(target, book_of(target))
    tell_written(asked, written, target)
    if not asked.json:
        inside = "" if target == Path.cwd() else f"cd {folder or asked.project} && "
        say_next(f"{inside}nurture check", "nurture demo")


@click.group("new", cls=ExampleGroup)
def new_group() -> None:
    """Start a new sequence or mail. It copies; nothing stays linked to the library."""


@command(
    "sequence",
    "nurture new sequence spring_push                 a small draft of your own",
    "nurture new sequence we_miss_you --from lapse    a copy of a library piece",
)
@click.argument("name")
@click.option(
    "--from",
    "piece",
    default="",
    help="A library piece, such as welcome, check_in, birthday, lapse; a wrong name lists them.",
)
def new_sequence_command(asked: Asked, name: str, piece: str) -> None:
    """Start a new sequence, as a draft, with the mails it sends."""
    from nurture.engine.check import readable_book
    from nurture.engine.starter import marked, new_sequence

    root = asked.root
    written = new_sequence(root, name, piece, readable_book(root))
    tell_written(asked, written, root)
    if not asked.json:
        say(f"Marked  # choose:  in the sequence: {plural(marked(written[0]), 'place')}.")
        say("It is a draft: nothing runs before you write  status: live  and apply.")
        say_next(f"nurture check {name}", f"nurture preview {name} --timeline")


@command(
    "mail",
    "nurture new mail spring_hello                    one file for each of your languages",
    "nurture new mail spring_hello --locale fr        one language more, to be translated",
)
@click.argument("name")
@click.option("--locale", "locales", multiple=True, help="Only this language; may be repeated.")
def new_mail_command(asked: Asked, name: str, locales: tuple[str, ...]) -> None:
    """Start a new mail, or bring one into another language: copies are marked as untranslated."""
    from nurture.engine.check import readable_book
    from nurture.engine.starter import new_mail

    root = asked.root
    book = readable_book(root)
    tell_written(asked, new_mail(root, name, book, locales), root)
    if not asked.json:
        for locale in sorted(set(locales) - set(book.rules.locales)):
            say(f"Nobody reads {locale} yet: add it to  locales  in sequences/house/rules")
        say_next("nurture check")


def tell_written(asked: Asked, written: list[Path], root: Path) -> None:
    """Which files and folders there are now."""
    if asked.json:
        answer({"written": [path.relative_to(root).as_posix() for path in written]})
        return
    say("Written:")
    for path in written:
        say(f"  {path.relative_to(root).as_posix()}{'/' if path.is_dir() else ''}")


new_group.examples = ("nurture new sequence spring_push", "nurture new mail spring_hello")
new_group.add_command(new_sequence_command)
new_group.add_command(new_mail_command)
COMMANDS = {"init": init_command, "new": new_group}
