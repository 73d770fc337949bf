"""The starter book: where it is, and how a new project, sequence or mail is made from it.

An installed nurture carries it in `nurture/_starter`; in a checkout it is the repository's own
sequences/ and templates/, so that demo, documentation and first test are one.
"""

import json
import re
import shutil
from pathlib import Path

from nurture.engine.book_tests_starting import first_test
from nurture.engine.faults import MisuseError
from nurture.engine.unknown import meant
from nurture.model.book import Book
from nurture.render.source import read
from nurture.render.versions import FORMATS

PACKAGE = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[a-z][a-z0-9_]*")
SCHEMAS = {
    "sequence": "sequences/*",
    **{kind: f"sequences/house/{kind}" for kind in ("rules", "catalogue", "stages", "topics", "gifts", "ladders")},
    "calendar": "sequences/house/calendars/*",
    "test": "sequences/tests/*.test",
}
"""The files of a project by the schema that they follow, without their ending."""
GENERATED = ".nurture"

EDITOR = {
    ".vscode/settings.json": json.dumps(
        {
            "yaml.schemas": {f"{GENERATED}/{kind}.schema.json": f"{files}.yaml" for kind, files in SCHEMAS.items()},
            "evenBetterToml.schema.enabled": True,
            "files.eol": "\n",
        },
        indent=2,
    )
    + "\n",
    ".taplo.toml": "\n".join(
        f'[[rule]]\ninclude = ["{files}.toml"]\n'
        f'[rule.schema]\nenabled = true\npath = "{GENERATED}/{kind}.schema.json"\n'
        for kind, files in SCHEMAS.items()
    ),
    ".gitignore": f"{GENERATED}/\nnurture.db*\noutbox/\ndemo/\n*.rejects.csv\n",
}


def starter() -> Path:
    """The folder that holds the starter book."""
    for folder in (PACKAGE / "_starter", PACKAGE.parent):
        if (folder / "sequences" / "house" / "rules.yaml").is_file():
            return folder
    raise MisuseError("this installation has no starter book; install nurture again.")


def make_project(target: Path) -> list[Path]:
    """Copy the starter book into `target` and write what editors need; answers the paths at the top.

    MisuseError when there is a project already: nothing of anybody's is ever overwritten.
    """
    taken = [name for name in ("sequences", "templates", "config.toml") if (target / name).exists()]
    if taken:
        raise MisuseError(f"{target} already has {' and '.join(taken)}; nothing was written.")
    source = starter()
    target.mkdir(parents=True, exist_ok=True)
    for folder in ("sequences", "templates"):
        shutil.copytree(source / folder, target / folder)
    shutil.copyfile(source / "config.example.toml", target / "config.toml")
    written = [target / "sequences", target / "templates", target / "config.toml"]
    return written + [path for name, text in EDITOR.items() if (path := write_new(target / name, text))]


def write_new(path: Path, text: str) -> Path | None:
    """Write a file unless there is one of that name."""
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_schemas(root: Path, book: Book) -> list[Path]:
    """The JSON Schemas of this project into .nurture/, for the editor's completion (language.md 9.3)."""
    from nurture.language.schema import schema

    folder = root / GENERATED
    folder.mkdir(exist_ok=True)
    written = []
    for kind in SCHEMAS:
        path = folder / f"{kind}.schema.json"
        path.write_text(json.dumps(schema(kind, book), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


# The library pieces of language.md 11.1 by the starter sequence each is copied from.
PIECES = {
    "welcome": "welcome",
    "check_in": "first_order",
    "next_bag": "second_bag",
    "birthday": "birthday",
    "anniversary": "first_order_anniversary",
    "festive": "festive_days",
    "lapse": "gone_quiet",
    "vip": "vip_welcome",
    "complaint": "complaint_care",
    "referral": "tell_a_friend",
    "renewal": "renewal",
    "digest": "weekly_cups",
    "broadcast": "harvest_2027",
}


MARK = "# choose:"
CHOICES = {
    "title": "a title in your own words",
    "topic": "what readers can leave, of your topics.yaml",
    "priority": "its place among your other sequences; higher goes first",
}
"""What the author of a copied piece chooses, by the key of its line."""


def new_sequence(root: Path, name: str, piece: str, book: Book) -> list[Path]:
    """A draft of a sequence: a copy of a library piece with the mails it lacks and one test, or a small one."""
    refuse_name(name, "sequence", [path.stem for path in (root / "sequences").glob("*.*")])
    if not piece:
        mails = new_mail(root, f"{name}_hello", book)
        path = root / "sequences" / f"{name}.yaml"
        path.write_text(small(name, book), encoding="utf-8")
        return [path, *mails]
    original = piece if piece in PIECES.values() else PIECES.get(piece)
    if original is None:
        raise MisuseError(f"there is no library piece '{piece}'; {meant(piece, PIECES)}")
    source = next((starter() / "sequences").glob(f"{original}.*"))
    path = root / "sequences" / f"{name}{source.suffix}"
    path.write_text(renamed(source.read_text(encoding="utf-8"), original, name), encoding="utf-8")
    mails = copy_mails(root, path.read_text(encoding="utf-8"))
    test = first_test(root, name, starter() / "sequences" / "tests" / f"{original}.test.yaml")
    return [path, *mails, *([test] if test else [])]


def small(name: str, book: Book) -> str:
    """The text of a small sequence that sends one mail, with the places marked where its author chooses."""
    return SMALL.format(name=name, topic=next(iter(book.topics), "news"), aim=aim_of(book))


def aim_of(book: Book) -> str:
    """The line that says where to lift people: one stage up from the last, which holds everybody else."""
    stages = [stage.id for stage in book.stages][-2:]
    if not stages:
        return ""
    return f"{f'aims_at: {stages[0]}':<43}# choose: the stage or moment it should lift people to\n"


def renamed(text: str, piece: str, name: str) -> str:
    """A library piece under a new name, as a draft that waits to be read by a person; what is theirs is marked."""
    text = re.sub(rf'(?m)^(sequence\s*[:=]\s*"?){piece}\b', rf"\g<1>{name}", text)
    text = re.sub(r'(?m)^(status\s*[:=]\s*"?)live\b', r"\g<1>draft", text)
    lines = []
    for line in text.split("\n"):
        choose = CHOICES.get(re.split(r"[\s:=]", line, maxsplit=1)[0])
        lines.append(f"{line:<42} {MARK} {choose}" if choose else line)
    return "\n".join(lines)


def marked(path: Path) -> int:
    """How many places of a new sequence wait for its author's choice."""
    return path.read_text(encoding="utf-8").count(MARK)


def copy_mails(root: Path, text: str) -> list[Path]:
    """The mails a copied sequence sends, from the starter book, where the project has none of that name."""
    copied = []
    for mail in dict.fromkeys(re.findall(r'\b(?:send|mail)"?\s*[:=]\s*"?([a-z][a-z0-9_]*)', text)):
        source, target = starter() / "templates" / mail, root / "templates" / mail
        if source.is_dir() and not target.exists():
            shutil.copytree(source, target)
            copied.append(target)
    return copied


def new_mail(root: Path, name: str, book: Book, locales: tuple[str, ...] = ()) -> list[Path]:
    """One mail in the given locales, or in all of the house; MisuseError when it is there in all of them.

    A mail that has a text in the house's first language is copied from it, variant by variant; else a first text is
    made. All but the first are marked as untranslated, and say which text they are to be translated from (W311).
    """
    folder = root / "templates" / name
    first = book.rules.locales[0]
    refuse_name(name, "mail", [name] if folder.exists() and not locales else [])
    made = MAIL.format(title=name.replace("_", " ").capitalize())
    sources = sources_of(folder, first) or {folder / f"{first}.md": made}
    written = [
        write_new(source.with_name(f"{locale}{source.suffix}"), text if locale == first else to_translate(text))
        for source, text in sources.items()
        for locale in locales or book.rules.locales
        if not any(source.with_name(f"{locale}{ending}").exists() for ending in FORMATS)
    ]
    if not written:
        raise MisuseError(f"the mail '{name}' is there in {', '.join(locales)} already; nothing was written.")
    return [path for path in written if path]


def sources_of(folder: Path, first: str) -> dict[Path, str]:
    """The texts of a mail in the house's first language: its own, then those of its variants."""
    found = [path for part in (folder, *sorted(folder.glob("*/"))) for path in sorted(part.glob(f"{first}.*"))]
    return {path: path.read_text(encoding="utf-8-sig") for path in found if path.suffix in FORMATS}


def to_translate(text: str) -> str:
    """A copy of a text for its translator: marked as untranslated, with the letters of what it was made from."""
    marks = f"untranslated: true\nstill_right: {read('', text.encode()).fingerprint}\n"
    head = re.match(r"---\n(?:.*\n)*?(?=---\n)", text)
    return f"---\n{marks}---\n{text}" if head is None else head[0] + marks + text[head.end() :]


def refuse_name(name: str, kind: str, taken: list[str]) -> None:
    """MisuseError for a name that the language does not allow, or that is there already."""
    if not NAME.fullmatch(name):
        raise MisuseError(f"'{name}' cannot name a {kind}: small letters, digits and _, a letter first.")
    if name in taken:
        raise MisuseError(f"there is already a {kind} '{name}'; nothing was written.")


SMALL = """\
# yaml-language-server: $schema=../.nurture/sequence.schema.json
sequence: {name}
title: What people see in lists            # choose: a title in your own words
stage: any                                 # choose: who may start
class: news
topic: {topic}
{aim}status: draft                              # choose: live, when you have read it through
start: {{manual: true}}                      # choose: what starts it, such as  event: order.placed
again: never
steps:
  - send: {name}_hello
"""
MAIL = """\
---
subject: {title}
---

# {title}

Write here what you would tell a friend.
"""
