"""Who judges mails without sending them: html-validate and caniemail (Node.js), and SpamAssassin (Debian)."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nurture.engine.preview import Desk, preview, read_tree, sending_of
from nurture.engine.preview_reader import made_up_reader
from nurture.model.mail import Email
from nurture.model.place import Problem
from tools.pictures import LINKS, NAMES, NOW, ROOT

HERE = Path(__file__).parent / "mail-lint"
KNOWN = HERE / "known.json"
_TESTS = re.compile(r"X-Spam-Status: \w+, score=(-?[\d.]+).*?tests=([\w,\s]*?)\s+autolearn", re.DOTALL)


def starter_mails() -> Iterator[tuple[str, Email]]:
    """Every mail of the starter book in every locale and variant, as it would be handed over, by a name."""
    tree = read_tree(ROOT)
    desk = Desk(tree.book, tree.files, LINKS, NOW)
    for locale in tree.book.rules.locales:
        for mail in sorted(tree.book.mails):
            sending = sending_of(desk.book, mail, "")
            reader = made_up_reader(tree.book, sending.sequence, NOW)
            facts = {**reader.person.facts, "locale": locale, "first_name": NAMES[locale]}
            known = replace(reader, person=replace(reader.person, facts=facts))
            for variant in sorted(tree.book.mails[mail].variants) or [""]:
                shown = preview(replace(desk, variant=variant), sending, known)
                assert not isinstance(shown, Problem), shown
                yield ".".join(part for part in (mail, variant, locale) if part), shown.email


def wanted(program: Path | str, cure: str) -> str:
    """A program's path. Where it is not installed its tests are left out, unless nothing may be (CI)."""
    found = shutil.which(program)
    if found is None:
        if "NURTURE_NO_SKIPS" in os.environ:
            pytest.fail(f"{program} is not installed: {cure}")
        pytest.skip(f"{program} is not installed: {cure}")
    return found


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, each with the mails that have it: what is wrong as HTML, and what some mail program lacks."""

    html: Mapping[str, Sequence[str]]
    clients: Mapping[str, Sequence[str]]

    @property
    def features(self) -> set[str]:
        """What mail programs lack, or have in part, without saying which of them."""
        return {finding.split("|")[1] for finding in self.clients}


def judged(mails: Mapping[str, str], folder: Path) -> Findings:
    """Pages of HTML by name, held against html-validate and all that caniemail knows of mail programs."""
    wanted("node", "apt-get install nodejs npm")
    if not (HERE / "node_modules").is_dir():
        wanted("html-validate", "npm ci --prefix tests/mail-lint")
    for name, html in mails.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    done = subprocess.run(["node", HERE / "judge.mjs", folder], capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(done.stdout)
    return Findings(found["html"], found["clients"])


def known(part: str) -> dict[str, str]:
    """Findings that stand, each with its reason."""
    groups = json.loads(KNOWN.read_text(encoding="utf-8"))[part]
    return {finding: group["why"] for group in groups for finding in group["what"]}


@dataclass(frozen=True, slots=True)
class Verdict:
    """SpamAssassin's points, and what it gave them for."""

    points: float
    tests: tuple[str, ...]


def spam_points(mails: Sequence[bytes]) -> list[Verdict]:
    """What SpamAssassin thinks of mails by their content alone: without a network, and without learning."""
    program = wanted("spamassassin", "apt-get install --no-install-recommends spamassassin")
    box = b"".join(
        b"From shop@example Sun Nov 22 09:00:00 2026\n" + mail.replace(b"\r\n", b"\n") + b"\n" for mail in mails
    )
    said = subprocess.run([program, "-L", "-t", "--mbox"], input=box, capture_output=True, check=True, timeout=300)
    found = _TESTS.findall(said.stdout.decode("utf-8", "replace"))
    return [Verdict(float(points), tuple(re.findall(r"\w+", tests))) for points, tests in found]
