"""The verb that shows what is written: preview."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE, TROUBLE
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.model.values import dataclass

if TYPE_CHECKING:
    from nurture.config import Config
    from nurture.engine.preview import Desk, Preview, Sending, Tree
    from nurture.engine.preview_reader import Reader
    from nurture.engine.preview_send import Copy
    from nurture.model.place import Problem


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked to see."""

    name: str
    person: str
    locale: str
    variant: str
    sequence: str
    text: bool
    open: bool
    send_to: str


@command(
    "preview",
    "nurture preview happy_birthday                          as a made-up reader gets it",
    "nurture preview happy_birthday --as salma --locale ar   for salma, in Arabic",
    "nurture preview --all --open                            every mail in every language, on one page",
    "nurture preview first_order --timeline                  a sequence, day by day",
    "nurture preview happy_birthday --send-to me@example.net   one copy through your provider",
)
@click.argument("name", metavar="[MAIL]", default="")
@click.option("--as", "person", metavar="PERSON", default="", help="For this person of the store: an id or an address.")
@click.option("--locale", default="", help="In this language, whatever theirs is.")
@click.option("--variant", default="", help="This variant of the mail.")
@click.option("--sequence", default="", help="As this sequence sends it; without it, the first by name that does.")
@click.option("--text", is_flag=True, help="Print the text part too.")
@click.option("--open", "open_", is_flag=True, help="Show it in a browser.")
@click.option("--all", "all_", is_flag=True, help="A page of every language, as phone and desktop, light and dark.")
@click.option("--timeline", is_flag=True, help="MAIL is a sequence: show its days, branches and endings.")
@click.option("--send-to", metavar="ADDRESS", default="", help="Hand one copy to the provider, for this address.")
def preview_command(
    asked: Asked,
    name: str,
    person: str,
    locale: str,
    variant: str,
    sequence: str,
    text: bool,
    open_: bool,
    all_: bool,
    timeline: bool,
    send_to: str,
) -> int:
    """Show a mail as the daemon would write it, from the files as they are. Nothing is stored.

    Links to the web are not called; the links in a preview act on nobody.
    """
    from nurture.engine.preview import read_tree

    wish = Wish(name, person, locale, variant, sequence, text, open_, send_to)
    refuse_mixtures(wish, all_, timeline)
    tree = read_tree(asked.root)
    if timeline:
        return show_timeline(asked, tree, name)
    if name and not asked.json:
        show_findings(tree, tree.findings(name))
    if all_:
        return show_all(asked, tree, wish)
    return show_one(asked, tree, wish)


def refuse_mixtures(wish: Wish, all_: bool, timeline: bool) -> None:
    """Options that answer different questions."""
    if not wish.name and not all_:
        raise click.UsageError("name a mail, or ask for --all; `nurture preview welcome_hello`")
    if timeline and (all_ or wish.person or wish.locale or wish.variant or wish.send_to or wish.text or wish.open):
        raise click.UsageError("--timeline shows a sequence, without a reader: leave the other options out")
    if wish.variant and not wish.name:
        raise click.UsageError("--variant goes with a mail; name it")
    if all_ and (wish.send_to or wish.text or wish.locale):
        raise click.UsageError("--all makes a page of every language; --send-to, --text and --locale go with one")


def show_timeline(asked: Asked, tree: "Tree", name: str) -> int:
    """A sequence, day by day."""
    from nurture.engine.preview import refuse_unknown_sequence
    from nurture.engine.timeline import timeline

    refuse_unknown_sequence(tree.book, name)
    told = timeline(tree.book.sequences[name])
    if asked.json:
        answer(told)
        return FINE
    say_all(told.lines())
    first = next((row.what for row in told.rows if row.class_), "")
    say_next(*([f"nurture preview {first}"] if first else []), "nurture simulate --days 14")
    return FINE


def show_findings(tree: "Tree", findings: "Iterable[Problem]") -> None:
    """What is wrong with a mail, with the author's lines, before it is shown."""
    from nurture.language import report

    found = list(findings)
    files = {problem.place.file for problem in found}
    quoted = {file: tree.files.get(file, b"").decode("utf-8", "replace").splitlines() for file in files}
    if said := report.as_text(found, quoted).rstrip("\n"):
        click.echo(said)


def as_findings(findings: "Iterable[Problem]") -> object:
    """The same for --json, in the shape that `check --json` has."""
    from json import loads

    from nurture.language import report

    return loads(report.as_json(findings))["findings"]


def show_one(asked: Asked, tree: "Tree", wish: Wish) -> int:
    """One mail for one reader: printed, written, and handed over where that is asked."""
    from nurture.engine.preview import chosen_locale, desk_of, document, lines, preview, sending_of, written_to
    from nurture.model.place import Problem
    from nurture.wiring import configuration, now

    config = configuration(asked.root)
    sending = sending_of(tree.book, wish.name, wish.sequence)
    desk = desk_of(tree, config, now(), wish.name, wish.variant)
    reader = chosen_locale(tree.book, reader_of(asked, tree, desk, wish), wish.locale)
    shown = preview(desk, sending, reader)
    if isinstance(shown, Problem):
        return cannot_be_written(asked, tree, shown)
    file = written_to(asked.root, shown)
    copy = copy_sent(config, desk, sending, reader, wish.send_to) if wish.send_to else None
    if isinstance(copy, Problem):
        return cannot_be_written(asked, tree, copy)
    code = FINE if copy is None else ended(copy.handover.fate.value)
    if asked.json:
        sent = {"to": copy.address, "provider": copy.provider, "handover": copy.handover} if copy else None
        answer({**document(shown, file), "findings": as_findings(tree.findings(wish.name)), "sent": sent})
        return code
    say_all(lines(shown, near(file)))
    if copy is not None:
        say_all(copy.lines(config))
    if wish.text:
        say()
        click.echo(shown.email.text)
    show_in_browser(file, wish.open)
    say_next(*next_ones(shown, wish))
    return code


def copy_sent(config: "Config", desk: "Desk", sending: "Sending", reader: "Reader", address: str) -> "Copy | Problem":
    """One copy through the configured way out, and what that said; RefusedError while it may not send at all."""
    from nurture.engine.preview_send import send_copy
    from nurture.wiring import provider, ready_to_send

    ready_to_send(config)
    return send_copy(config, provider(config), desk, sending, reader, address)


def next_ones(shown: "Preview", wish: Wish) -> list[str]:
    """What to look at now."""
    opened = [] if wish.open else [f"nurture preview {wish.name} --open"]
    sequence = shown.sending.sequence
    days = [f"nurture preview {sequence.name} --timeline"] if sequence else ["nurture check"]
    return [*opened, f"nurture preview {wish.name} --all", *days]


def ended(fate: str) -> int:
    """The exit code for what became of a copy: a refusal is a finding, a way out that is shut is trouble."""
    return {"accepted": FINE, "refused": FINDINGS, "bounced": FINDINGS}.get(fate, TROUBLE)


def cannot_be_written(asked: Asked, tree: "Tree", problem: "Problem") -> int:
    """The template's fault for this reader, at its line."""
    if asked.json:
        answer({"findings": as_findings([problem])})
    else:
        show_findings(tree, [problem])
        say("This mail cannot be written for this reader.")
        say_next("mend it, then the same command again")
    return FINDINGS


def show_all(asked: Asked, tree: "Tree", wish: Wish) -> int:
    """The page of every language, of one mail or of all."""
    from nurture.engine.preview import desk_of, everywhere, mails_wanted
    from nurture.engine.preview_page import page_of, page_written
    from nurture.model.place import Problem
    from nurture.wiring import configuration, now

    book = tree.book
    mails = mails_wanted(book, wish.name, wish.sequence)
    desk = desk_of(tree, configuration(asked.root), now(), wish.name, wish.variant)
    found = list(everywhere(desk, mails, reader_of(asked, tree, desk, wish), wish.sequence))
    file = page_written(asked.root, wish.name or wish.sequence, page_of(book.rules.project, found), wish.variant)
    faults = [one for _, _, one in found if isinstance(one, Problem)]
    if asked.json:
        answer({"written": file, "mails": mails, "previews": len(found) - len(faults), "findings": as_findings(faults)})
        return FINDINGS if faults else FINE
    show_findings(tree, faults)
    locales = {locale for _, locale, _ in found}
    counted = f"{plural(len(mails), 'mail')} in {plural(len(locales), 'language')}"
    say(f"Written to {near(file)}: {counted}, phone and desktop, light and dark")
    show_in_browser(file, wish.open)
    again = " ".join(part for part in ("nurture preview", wish.name, "--all --open", of_sequence(wish)) if part)
    say_next(*([] if wish.open else [again]), "nurture check")
    return FINDINGS if faults else FINE


def of_sequence(wish: Wish) -> str:
    """The option that names the sequence again."""
    return f"--sequence {wish.sequence}" if wish.sequence else ""


def reader_of(asked: Asked, tree: "Tree", desk: "Desk", wish: Wish) -> "Reader":
    """The person of the store who is named, or a made-up reader of the first sequence that sends the mail."""
    from nurture.engine.preview import refuse_without_store, sending_of
    from nurture.engine.preview_reader import made_up_reader
    from nurture.wiring import configuration, workshop

    if not wish.person:
        sequence = sending_of(desk.book, wish.name, wish.sequence).sequence if wish.name else None
        return made_up_reader(desk.book, sequence, desk.now)
    from nurture.engine.preview_person import known_reader

    refuse_without_store(configuration(asked.root))
    with workshop(asked.root) as shop:
        return known_reader(shop, desk.book, tree.files, wish.person, desk.now)


def show_in_browser(file: Path, wanted: bool) -> None:
    """Open it where there is a browser; where there is none, say so."""
    if not wanted:
        return
    import webbrowser

    try:
        opened = webbrowser.open(file.as_uri())
    except webbrowser.Error:
        opened = False
    if not opened:
        say(f"There is no browser here to open it in; the file is {file}")


def near(file: Path) -> Path:
    """The file as one would name it from here."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


COMMANDS = {"preview": preview_command}
