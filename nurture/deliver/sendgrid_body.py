"""An Email as the JSON of SendGrid's v3 Mail Send; what SendGrid would not take is refused here, in words.

The limits are those of its OpenAPI document and its pages "Limitations" and "Errors". A personalization carries the
address and our key, `nv_send`, and nothing else of a person: SendGrid keeps custom_args and cannot erase them.
"""

from base64 import b64encode
from collections.abc import Iterator

from nurture.deliver.message import SAFE_KEY, ascii_line, field_name, picture_name
from nurture.deliver.plain import CannotBeSaid, address, one_line
from nurture.model.mail import Email, Image

OUR_KEY = "nv_send"
LARGEST = 30_000_000  # bytes of a whole message, attachments included; SendGrid says 30 MB, and means less than it
MOST_CATEGORIES = 10
LONGEST_CATEGORY = 255  # characters
THEIRS = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
THEIRS |= {"to", "from", "subject", "reply-to", "cc", "bcc"}
NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


def body_of(mail: Email) -> bytes:
    """The request's body; CannotBeSaid with the part that SendGrid would not take."""
    import orjson

    body = orjson.dumps(dict(parts(mail)))
    if len(body) >= LARGEST:
        raise CannotBeSaid(f"the mail is {len(body) / 1e6:.1f} MB with its pictures; SendGrid takes less than 30 MB")
    return body


def parts(mail: Email) -> Iterator[tuple[str, object]]:
    """The members of the body, each checked."""
    if not SAFE_KEY.fullmatch(mail.key):
        raise CannotBeSaid(f"the send key '{mail.key}' is no word of letters, digits, - and _")
    reader = party(without_separators(mail.to_name), mail.to_address, "the reader")
    yield "personalizations", [{"to": [reader], "custom_args": {OUR_KEY: mail.key}}]
    yield "from", party(mail.from_name, mail.from_address, "the sender")
    if mail.reply_to:
        yield "reply_to", party("", mail.reply_to, "the reply address")
    yield "subject", filled(one_line(mail.subject, "the subject"), "the subject")
    texts = (("text/plain", filled(mail.text, "the text")), ("text/html", filled(mail.html, "the HTML")))
    yield "content", [{"type": kind, "value": value} for kind, value in texts]
    if mail.headers:
        yield "headers", dict(headers(mail))
    if mail.categories:
        yield "categories", categories(mail)
    if mail.images:
        yield "attachments", [attachment(image) for image in mail.images]
    yield "tracking_settings", NO_TRACKING


def party(name: str, where: str, whose: str) -> dict[str, str]:
    """An address, with the name when there is one."""
    found = {"email": address(where, whose)}
    if name:
        found["name"] = one_line(name, f"{whose}'s name")
    return found


def without_separators(name: str) -> str:
    """A reader's name as SendGrid takes it: `Smith, John` would be refused with the whole mail, `Smith John` is not."""
    parts = (part.strip() for part in name.replace(";", ",").split(","))
    return " ".join(part for part in parts if part)


def filled(text: str, what: str) -> str:
    """The text; SendGrid answers 400 to an empty one."""
    if not text:
        raise CannotBeSaid(f"{what} is empty, which SendGrid does not take")
    return text


def headers(mail: Email) -> Iterator[tuple[str, str]]:
    """Headers of our own: Message-ID, List-Unsubscribe and the like."""
    seen: set[str] = set()
    for name, value in mail.headers:
        lower = name.lower()
        if lower in THEIRS:
            raise CannotBeSaid(f"SendGrid sets the header {name} itself and lets nobody else")
        if lower in seen:
            raise CannotBeSaid(f"the header {name} stands twice, and SendGrid takes each once")
        seen.add(lower)
        yield field_name(name), ascii_line(value, name)


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
