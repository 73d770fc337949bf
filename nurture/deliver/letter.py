"""A letter as SendGrid's Inbound Parse posts it, or as a raw mail, read as a Letter (email.md 1.7, RFC 3834).

Whatever a stranger sent, there is an answer: nothing here raises, and every part is bounded.
"""

import json
import re
from collections.abc import Mapping

from nurture.deliver.form import parts, text_of
from nurture.deliver.html_text import text_of_html
from nurture.deliver.mime import Mime, headers_of, read_mime
from nurture.deliver.own_words import own_words
from nurture.model.letter import Letter

LONGEST_TEXT = 20_000  # characters that are kept of text
LONGEST_SUBJECT = 500
LONGEST_NAME = 200
MOST_ANSWERED = 50
_ADDRESS = re.compile(r"[^@\s<>,;\"()]{1,64}@[^@\s<>,;\"()]{1,190}")
_ANGLE = re.compile(r"<([^<>]{0,400})>")
_COMMENT = re.compile(r"\([^()]{0,400}\)")
_ID = re.compile(r"<([^<>\s]{1,300})>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PRECEDENCE = frozenset(("bulk", "junk", "list", "auto_reply"))


def letter_of_post(content_type: str, body: bytes) -> Letter:
    """A letter as Inbound Parse posts it: the raw mail in the field `email`, or its fields already taken apart."""
    fields = parts(content_type, body)
    charsets = {name: str(charset) for name, charset in _object(fields.get("charsets", b"")).items()}
    said = {name: text_of(value, charsets.get(name, "")) for name, value in fields.items() if name != "email"}
    found = read_mime(fields["email"]) if "email" in fields else _taken_apart(said)
    envelope = _object(fields.get("envelope", b""))
    return _letter(found, said.get("SPF", ""), said.get("dkim", ""), envelope.get("from"))


def letter_of_raw(raw: bytes) -> Letter:
    """A letter from a raw mail as mail programs save it (.eml). What it says of SPF and DKIM is nobody's finding."""
    return _letter(read_mime(raw), "", "", None)


def _taken_apart(said: Mapping[str, str]) -> Mime:
    """The fields of a post without the raw mail."""
    headers = headers_of(said.get("headers", ""))
    for name in ("from", "to", "subject"):
        if said.get(name):
            headers[name] = (said[name],)
    count = said.get("attachments", "").strip()
    attached = int(count) if count.isascii() and count.isdecimal() and len(count) < 5 else 0
    return Mime(headers, said.get("text", ""), said.get("html", ""), attached)


def _letter(mime: Mime, spf: str, dkim: str, envelope_from: object) -> Letter:
    address, name = mailbox(mime.header("from"))
    text = mime.text if mime.text.strip() else text_of_html(mime.html)
    return Letter(
        from_address=address,
        from_name=_one_line(name)[:LONGEST_NAME],
        to=tuple(found for one in mime.header("to")[:2_000].split(",") if (found := mailbox(one)[0])),
        subject=_one_line(mime.header("subject"))[:LONGEST_SUBJECT],
        words=own_words(text),
        text=text[:LONGEST_TEXT],
        message_id=next(iter(_ids(mime, "message-id")), ""),
        answers=tuple(dict.fromkeys([*_ids(mime, "in-reply-to"), *reversed(_ids(mime, "references"))]))[:MOST_ANSWERED],
        automatic=tuple(dict.fromkeys(_signs(mime, envelope_from))),
        spf=_one_line(spf)[:100],
        dkim=_one_line(dkim)[:300],
        attachments=mime.attachments,
    )


def _signs(mime: Mime, envelope_from: object) -> list[str]:
    """Each sign that no person wrote it; X-Auto-Response-Suppress asks for something, and is none."""
    found = []
    submitted = {_first_word(value) for value in mime.headers.get("auto-submitted", ())} - {"", "no"}
    if submitted:
        found.append("Auto-Submitted")
    if any(value.strip() == "<>" for value in mime.headers.get("return-path", ())) or envelope_from == "":
        found.append("Return-Path: <>")
    if _PRECEDENCE & {_first_word(value) for value in mime.headers.get("precedence", ())}:
        found.append("Precedence")
    found += [name.title() for name in ("x-autoreply", "x-autorespond") if name in mime.headers]
    found += [name.title() for name in sorted(mime.headers) if name.startswith("list-")]
    if mime.header("content-type").strip().lower().startswith("multipart/report"):
        found.append("multipart/report")
    return found


def _first_word(value: str) -> str:
    """A header's value without parameters and comments, in small letters."""
    return value.partition(";")[0].partition("(")[0].strip().lower()


def _ids(mime: Mime, name: str) -> list[str]:
    return _ID.findall(" ".join(mime.headers.get(name, ())))


def mailbox(text: str) -> tuple[str, str]:
    """The address, in lower case, and the name beside it; empty where there is none.

    By hand, since `email.utils.parseaddr` goes down a level for each bracket, and a stranger has many brackets.
    """
    text = text[:1_000]
    angles = _ANGLE.findall(text)
    found = _ADDRESS.search(angles[-1] if angles else _COMMENT.sub(" ", text))
    name = text.rpartition(f"<{angles[-1]}>")[0] if angles else " ".join(_COMMENT.findall(text)).strip("()")
    return (found[0].lower() if found else "", name.replace("\\", "").strip(" \t\"'"))


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _object(data: bytes) -> dict[str, object]:
    """A JSON object; nothing for anything else."""
    try:
        found = json.loads(data[:100_000])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
