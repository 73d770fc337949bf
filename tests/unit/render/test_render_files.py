"""Findings about the files themselves: which a mail is made from, and which cannot be."""

import pytest

from nurture.render.check import check_templates

from .conftest import FRONT, PNG


@pytest.mark.parametrize(
    "file",
    [
        "hello/en.htm",
        "hello/a/b/en.md",
        "hello/Special/en.md",
        "en.md",
        "hello/en.txt",
        "hello/english.md",
        "hello/pt-br.md",
        "hello/AR.md",
    ],
)
def test_a_file_that_no_mail_is_made_from(findings, file):
    assert [problem.code for problem in findings("x", file=f"templates/{file}")] == ["E223"]


def test_formats_variants_and_text_parts_that_are_mails(book):
    files = {"en.html": "<p>x</p>", "ar.mjml": "<mjml><mj-body></mj-body></mjml>", "festive/en.md": "x", "en.txt": "x"}
    templates = {f"templates/hello/{name}": (FRONT + body).encode() for name, body in files.items()}
    assert {problem.code for problem in check_templates(book, templates)} <= {"E311", "W311", "W315"}


KINDS = "one of .gif, .jpeg, .jpg, .png, .webp"
WHOLE = "<html><body>{{ postal_address }}</body></html>"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"hello/en.md": "x", "hello/en.html": "<p>x</p>"}, ("E223", "hello/en.html", "keep one of them")),
        ({"hello/en.html": "<p>x</p>", "hello/en.mjml": "<mjml>"}, ("E223", "hello/en.html", "keep one of them")),
        (
            {"hello/en.md": "x", "_images/a.svg": "x"},
            ("E224", "_images/a.svg", KINDS),
        ),
        ({"hello/en.md": "x", "_images/a b.png": "x"}, ("E224", "_images/a b.png", "letters, digits, - . and _")),
        ({"hello/a/en.md": "x"}, ("W311", "hello/a/ar.md", "nurture new mail hello --locale ar")),
        ({"hello/en.html": WHOLE}, ("E311", "hello/en.html", "{{ unsubscribe_url }}")),
    ],
)
def test_files_that_cannot_be(book, files, expected):
    templates = {f"templates/{name}": ("" if "_images" in name else FRONT) + body for name, body in files.items()}
    problems = check_templates(book, {name: body.encode() for name, body in templates.items()})
    found = [(one.code, one.place.file.removeprefix("templates/"), one.hint) for one in problems]
    assert expected in found


@pytest.mark.parametrize(
    ("name", "data", "fits"),
    [
        ("a.png", PNG, True),
        ("a.PNG", PNG, True),
        ("a.gif", b"GIF89a", True),
        ("a.jpg", b"\xff\xd8\xff\xe0", True),
        ("a.jpeg", b"\xff\xd8\xff\xe1", True),
        ("a.webp", b"RIFF\n\0\0\0WEBPVP8 ", True),
        ("a.png", b"", False),
        ("a.png", b"\xff\xd8\xff\xe0", False),
        ("a.jpg", PNG, False),
        ("a.webp", b"RIFF\0\0\0\0WAVE", False),
        ("a.gif", b"<html>", False),
    ],
)
def test_a_picture_is_what_its_ending_says(findings, name, data, fits):
    problems = findings("x", **{f"templates/_images/{name}": data})
    assert [(one.code, one.place.file) for one in problems] == ([] if fits else [("E224", f"templates/_images/{name}")])
