"""Mails as the JSON of SendGrid's v3 Mail Send; what SendGrid would not take is refused here, in words.

The limits are those of its OpenAPI document and its pages "Limitations" and "Errors". A personalization carries the
address, our key, `nv_send`, and what of the text is this reader's own: SendGrid keeps custom_args and categories and
cannot erase them, so nothing of a person is in those.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from nurture.deliver.message import SAFE_KEY, ascii_line, field_name, picture_name
from nurture.deliver.plain import CannotBeSaid, address, one_line
from nurture.model.mail import Email, Image

OUR_KEY = "nv_send"
LARGEST = 30_000_000  # bytes of a whole message, attachments included; SendGrid says 30 MB, and means less than it
MOST_CATEGORIES = 10
LONGEST_CATEGORY = 255  # characters
SHORT, SHORT_NAME = 800, 100  # characters: what is shorter fits on a line, name and value together
THEIRS = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
THEIRS |= {"to", "from", "subject", "reply-to", "cc", "bcc"}

Part = dict[str, Any]


def tracking(asked: bool) -> Part:
    """Opens and clicks are told apart by person only where the reader agreed; leaving is always ours."""
    return {
        "click_tracking": {"enable": asked, "enable_text": False},
        "open_tracking": {"enable": asked},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def dumped(part: Mapping[str, Any]) -> bytes:
    """A part as it stands in the body."""
    import orjson

    return orjson.dumps(part)


def envelope(mail: Email) -> Part:
    """What is one reader's own: to whom, the subject, the headers, our key.

    All headers stand here and none beside: SendGrid does not say what becomes of those of a request when a
    personalization has some of its own.
    """
    if not SAFE_KEY.fullmatch(mail.key):
        raise CannotBeSaid(f"the send key '{mail.key}' is no word of letters, digits, - and _")
    found: Part = {
        "to": [party(without_separators(mail.to_name), mail.to_address, "the reader")],
        "subject": filled(one_line(mail.subject, "the subject"), "the subject"),
    }
    if mail.headers:
        found["headers"] = dict(mail.headers if are_short(mail) else headers(mail))
    found["custom_args"] = {OUR_KEY: mail.key}
    return found


def shared(mail: Email, text: str, html: str) -> Iterator[tuple[str, object]]:
    """What mails of one request have in common, with these texts."""
    yield "from", party(mail.from_name, mail.from_address, "the sender")
    if mail.reply_to:
        yield "reply_to", party("", mail.reply_to, "the reply address")
    yield "content", [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}]
    if mail.categories:
        yield "categories", categories(mail)
    if mail.images:
        yield "attachments", [attachment(image) for image in mail.images]
    yield "tracking_settings", tracking(mail.tracked)


def party(name: str, where: str, whose: str) -> dict[str, str]:
    """An address, with the name when there is one."""
    found = {"email": address(where, whose)}
    if name:
        found["name"] = one_line(name, f"{whose}'s name")
    return found


def without_separators(name: str) -> str:
    """A reader's name as SendGrid takes it: `Smith, John` would be refused with the whole mail, `Smith John` is not."""
    if "," not in name and ";" not in name:
        return name.strip()
    parts = (part.strip() for part in name.replace(";", ",").split(","))
    return " ".join(part for part in parts if part)


def filled(text: str, what: str) -> str:
    """The text; SendGrid answers 400 to an empty one."""
    if not text:
        raise CannotBeSaid(f"{what} is empty, which SendGrid does not take")
    return text


def are_short(mail: Email) -> bool:
    """Whether nothing can be wrong with the headers of a mail, as `headers` sees it: a look at all of them at once."""
    together = "".join([value for _, value in mail.headers])
    short = len(together) < SHORT and together.isascii() and together.isprintable()
    return short and are_ours(tuple([name for name, _ in mail.headers]))


@lru_cache(maxsize=64)
def are_ours(names: tuple[str, ...]) -> bool:
    """Whether headers may be called so, all of them in one mail."""
    return len({ours(name) for name in names}) == len(names) and max(map(len, names)) < SHORT_NAME


def headers(mail: Email) -> Iterator[tuple[str, str]]:
    """Headers of our own: Message-ID, List-Unsubscribe and the like."""
    seen: set[str] = set()
    for name, value in mail.headers:
        lower = ours(name)
        if lower in seen:
            raise CannotBeSaid(f"the header {name} stands twice, and SendGrid takes each once")
        seen.add(lower)
        yield name, ascii_line(value, name)


@lru_cache(maxsize=64)
def ours(name: str) -> str:
    """The name of a header in small letters; CannotBeSaid for one that SendGrid sets, or that no header can have."""
    if name.lower() in THEIRS:
        raise CannotBeSaid(f"SendGrid sets the header {name} itself and lets nobody else")
    return field_name(name).lower()


def categories(mail: Email) -> list[str]:
    """Words to count by, each once: a mail may well be called as its sequence."""
    found = list(dict.fromkeys(mail.categories))
    if len(found) > MOST_CATEGORIES:
        raise CannotBeSaid(f"a mail has {len(found)} categories; SendGrid takes {MOST_CATEGORIES}")
    for category in found:
        one_line(category, "a category")
        if not 0 < len(category) <= LONGEST_CATEGORY:
            raise CannotBeSaid(f"a category has {len(category)} characters; SendGrid takes 1 to {LONGEST_CATEGORY}")
    return found


def attachment(image: Image) -> dict[str, str]:
    """A picture that the HTML names as `cid:`."""
    name = picture_name(image)
    if not image.data:
        raise CannotBeSaid(f"the picture '{image.name}' is empty, which SendGrid does not take")
    return {
        "content": b64encode(image.data).decode("ascii"),
        "type": image.media_type,
        "filename": name,
        "disposition": "inline",
        "content_id": image.content_id,
    }
