"""The verb for mails that wait until a person approves them: drafts."""

from pathlib import Path

import click

from nurture.cli.command import Asked, command
from nurture.cli.operating import because, by, speaker
from nurture.cli.output import answer, plural, say, say_all, say_next

EVERYTHING = 1_000_000_000
LONGEST_BODY = 100_000  # letters; the same as of any file of a book
READABLE = click.Path(path_type=Path, exists=True, dir_okay=False)


@command(
    "drafts",
    "nurture drafts                         what waits for approval",
    "nurture drafts show 4f2a9c             how it reads",
    "nurture drafts approve 4f2a9c          it goes with the next round",
    "nurture drafts edit 4f2a9c --subject 'We are sorry' --body answer.md",
    "nurture drafts drop 4f2a9c --because 'she rang us'",
)
@click.argument("act", required=False, type=click.Choice(["show", "approve", "edit", "drop"]))
@click.argument("key", required=False)
@click.option("--subject", default="", help="With edit: the subject instead.")
@click.option("--body", type=READABLE, help="With edit: the text instead, a Markdown file.")
@because
@by
def drafts_command(
    asked: Asked, act: str | None, key: str | None, subject: str, body: Path | None, because: str, by: str
) -> None:
    """Show the mails that wait for a person's approval; let one go, rewrite it first, or drop it.

    KEY is the beginning of its send key. What you write replaces the template's words for this one mail.
    """
    if act is None:
        return listed(asked)
    if not key:
        raise click.UsageError(f"say which: nurture drafts {act} KEY; `nurture drafts` shows the keys")
    if act != "edit" and (subject or body):
        raise click.UsageError("--subject and --body go with edit")
    if act == "show":
        return shown(asked, key)
    from nurture.engine.drafts import approve, drop
    from nurture.wiring import live, now, workshop

    edit = rewritten(subject, body) if act == "edit" else None
    if act == "drop" and not because.strip():
        raise click.UsageError("say why: --because '…' is kept, and said by `nurture explain`")
    with workshop(asked.root) as shop:
        book = live(shop.store)
        if act == "drop":
            said = drop(shop, book, key, speaker(by), " ".join(because.split()), now())
        else:
            said = approve(shop, book, key, speaker(by), now(), edit)
    if asked.json:
        return answer({"act": act, "said": said})
    say(said)
    return say_next("nurture drafts", "nurture explain PERSON" if act == "drop" else "nurture run --once")


def rewritten(subject: str, body: Path | None) -> tuple[str, str]:
    """What somebody wrote instead: both parts, neither of them empty."""
    if not subject.strip() or body is None:
        raise click.UsageError("say both: nurture drafts edit KEY --subject '…' --body FILE")
    try:
        text = body.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{body} is not UTF-8 text; save it as UTF-8") from None
    if not text.strip():
        raise click.UsageError(f"{body} is empty")
    if len(text) > LONGEST_BODY:
        raise click.UsageError(f"{body} is longer than {LONGEST_BODY:,} letters: no mail is")
    return subject, text.replace("\r\n", "\n")


def listed(asked: Asked) -> None:
    """`nurture drafts`."""
    from nurture.engine.drafts import listing
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = listing(shop, live(shop.store), now(), EVERYTHING)
    if asked.json:
        return answer(found)
    say(f"{plural(len(found), 'draft')} for approval" if found else "Nothing waits for approval.")
    say_all(line for one in found for line in one.lines())
    first = found[0].key[:12] if found else ""
    return say_next(
        *([f"nurture drafts show {first}", f"nurture drafts approve {first}"] if found else ["nurture status"])
    )


def shown(asked: Asked, key: str) -> None:
    """`nurture drafts show`."""
    from nurture.engine.drafts import read_draft
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = read_draft(shop, live(shop.store), key, now())
    if asked.json:
        return answer(found)
    say_all(found.lines())
    short = found.draft.key[:12]
    return say_next(f"nurture drafts approve {short}", f"nurture drafts edit {short} --subject '…' --body FILE")


COMMANDS = {"drafts": drafts_command}
