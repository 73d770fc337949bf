"""Every folder of tests/specimens/mails: a mail's files, and beside them the page and text that a reader gets."""

import tomllib
from pathlib import Path

import pytest

from nurture.model.mail import Email
from nurture.model.person import Person
from nurture.render.check import check_templates
from nurture.render.mail import render

from .conftest import LINKS, NOW, intent
from .test_render_mail import Structure

SPECIMENS = Path(__file__).parents[2] / "specimens" / "mails"
NAMES = sorted(path.name for path in SPECIMENS.iterdir())


def files(name: str) -> dict[str, bytes]:
    folder = SPECIMENS / name
    found = sorted(path for path in (folder / "templates").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def written(name: str, book) -> Email:
    reader = SPECIMENS / name / "reader.toml"
    facts = tomllib.loads(reader.read_text(encoding="utf-8")) if reader.exists() else {}
    likes = {"likes": tuple(facts["likes"])} if "likes" in facts else {}
    mail = render(book, files(name), intent(), Person("p1", NOW, facts={**facts, **likes}), LINKS)
    assert isinstance(mail, Email), mail
    return mail


@pytest.mark.parametrize("name", NAMES)
def test_specimen(name, book):
    mail = written(name, book)
    assert mail.html == (SPECIMENS / name / "expected.html").read_text(encoding="utf-8")
    assert mail.text == (SPECIMENS / name / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_specimens_have_no_findings_and_nest(name, book):
    assert check_templates(book, files(name)) == ()
    mail = written(name, book)
    assert Structure(mail.html).seen.count("title") == 1
    assert "fonts.example" not in mail.html
    assert "jj0" not in mail.html + mail.text
    for said in (
        'name="color-scheme"',
        'name="supported-color-schemes"',
        f'lang="{mail.locale}" dir="{mail.direction}"',
    ):
        assert said in mail.html
