"""A very small project to edit while people are inside: one sequence, two mails in two languages, a plain house."""

import re
import shutil
from pathlib import Path

SEQUENCE = "sequences/check_in.yaml"
HOUSE = "sequences/house"
ROOT = Path(__file__).resolve().parents[1]
LOCALES = ("en", "tr")
FILES = {
    f"{HOUSE}/rules.yaml": """\
project: small_shop
zone: UTC
locales: [en, tr]
sender: {name: Small Shop, address: hello@small.example}
postal_address: 1 High Street, Small Town
classes: [service, care, celebration, news, offer]
limits:
  - {max: 3, within: 7 days}
currency: EUR
""",
    f"{HOUSE}/catalogue.yaml": """\
person:
  first_name: {type: text, example: Salma}
  country:    {type: text, format: country, example: FR}
  locale:     {type: text, format: locale, example: en}
orders: {from: order.placed, id: order_id}
events:
  subscriber.joined: {source: text}
  order.placed:      {order_id: text, total: money}
  order.delivered:   {order_id: text}
  review.posted:     {stars: number}
""",
    f"{HOUSE}/stages.yaml": """\
stages:
  - {id: buying,  title: Buying,  enter: person.orders.count >= 1}
  - {id: looking, title: Looking, enter: true}
""",
    f"{HOUSE}/topics.yaml": """\
topics:
  care: {title: {en: After your order, tr: After your order}, basis: customer}
  tips: {title: {en: Tips, tr: Tips}, basis: opt_in}
themes:
  mothers_day: {title: {en: Mother's Day, tr: Mother's Day}}
tags: [do_not_ask, reviewer]
""",
    SEQUENCE: """\
sequence: check_in
title: How is it?
stage: any
class: care
topic: care
status: live
start:
  event: order.delivered
  settle: 0 minutes
  fresh: 30 days
again: {per: event.order_id}
steps:
  - wait: {until_day: 6, at: 10:00}
  - {send: how_are_you}
  - wait: 5 days
  - {send: one_question}
""",
}
TEXT = """\
---
subject: {subject}
---
Hello{{{{ ' ' ~ person.first_name if person.first_name is known }}}},

How is it?
"""


def write(root: Path) -> None:
    """The project's files, with the words of the frame that every project has."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for mail, subject in (("how_are_you", "How are you?"), ("one_question", "One question")):
        for locale in LOCALES:
            path = root / "templates" / mail / f"{locale}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TEXT.format(subject=f"{subject} ({locale})"), encoding="utf-8")
    frame = root / "templates/_layout"
    frame.mkdir()
    for name in ("base.mjml", *(f"{locale}.toml" for locale in LOCALES)):
        shutil.copy(ROOT / "templates/_layout" / name, frame / name)
    images = ROOT / "templates/_images"
    if images.is_dir():
        shutil.copytree(images, root / "templates/_images")


def edit(root: Path, file: str, old: str, new: str) -> None:
    """Replace words in a file; they must be there."""
    text = (root / file).read_text(encoding="utf-8")
    assert old in text, text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


def rename_the_mail(root: Path) -> None:
    """The first mail is called otherwise, its English subject is another, and it comes two days earlier."""
    edit(root, SEQUENCE, "until_day: 6", "until_day: 4")
    edit(root, SEQUENCE, "{send: how_are_you}", "{send: how_is_it, was: how_are_you}")
    folder = root / "templates/how_are_you"
    folder.rename(folder.with_name("how_is_it"))
    english = root / "templates/how_is_it/en.md"
    text = english.read_text(encoding="utf-8")
    english.write_text(re.sub("subject: .*", "subject: How is the bag?", text, count=1), encoding="utf-8")
