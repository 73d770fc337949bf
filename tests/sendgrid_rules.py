"""What SendGrid takes: its OpenAPI document, and the limits of its pages that the document does not hold."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

SPECIFICATION = Path(__file__).parent / "data" / "sendgrid" / "tsg_mail_v3.patched.json"
MOST_READERS = 1000
MOST_BYTES = 10_000
FURTHEST = 72 * 3600
THEIRS = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
THEIRS |= {"to", "from", "subject", "reply-to", "cc", "bcc"}
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")

Fault = tuple[str, str | None]  # the message, and the field as SendGrid spells it


def published() -> Draft202012Validator:
    """The request body of POST /v3/mail/send as the document has it, with its references put in."""
    document = json.loads(SPECIFICATION.read_text(encoding="utf-8"))

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            found = document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            return whole(found)
        return {name: whole(value) for name, value in part.items() if name not in ("description", "example")}

    body = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    return Draft202012Validator(whole(body), format_checker=FormatChecker())


def against_the_document(validator: Draft202012Validator, body: Any) -> Iterator[Fault]:
    """Breaches of the published document."""
    for error in validator.iter_errors(body):
        yield error.message, ".".join(str(part) for part in error.absolute_path) or None


def against_the_pages(body: dict[str, Any], now: datetime) -> Iterator[Fault]:
    """Breaches of what only SendGrid's pages say. The body has the document's shape."""
    readers = 0
    for index, one in enumerate(body["personalizations"]):
        where = f"personalizations.{index}"
        parties = [party for kind in ("to", "cc", "bcc") for party in one.get(kind, [])]
        readers += len(parties)
        if not one["to"]:
            yield (
                "The to array is required for all personalization objects, and must have at least one email object",
                where,
            )
        addresses = [party["email"].lower() for party in parties]
        if len(set(addresses)) < len(addresses):
            yield "Each email address in the personalization block should be unique", where
        for place, party in enumerate(parties):
            yield from party_faults(party, f"{where}.to.{place}")
            if re.search("[;,]", party.get("name", "")):
                yield "The name may not contain ; or ,", f"{where}.to.{place}.name"
        for member in ("custom_args", "substitutions"):
            if size(one.get(member)) > MOST_BYTES:
                yield f"The {member} are larger than {MOST_BYTES} bytes", f"{where}.{member}"
        yield from header_faults(one.get("headers", {}), f"{where}.headers")
        yield from moment_faults(one, now, f"{where}.send_at")
        if not one.get("subject") and not body.get("subject") and not body.get("template_id"):
            yield "The subject is required.", "subject"
    if readers > MOST_READERS:
        yield f"More than {MOST_READERS} recipients", "personalizations"
    yield from whole_faults(body, now)


def whole_faults(body: dict[str, Any], now: datetime) -> Iterator[Fault]:
    """Breaches outside the personalizations."""
    yield from party_faults(body["from"], "from")
    if "reply_to" in body:
        yield from party_faults(body["reply_to"], "reply_to")
    if "reply_to" in body and "reply_to_list" in body:
        yield "Either reply_to or reply_to_list", "reply_to"
    if re.search("[\r\n]", body.get("subject", "")):
        yield "The subject contains a line break", "subject"
    yield from header_faults(body.get("headers", {}), "headers")
    yield from moment_faults(body, now, "send_at")
    if size(body.get("custom_args")) > MOST_BYTES:
        yield f"The custom_args are larger than {MOST_BYTES} bytes", "custom_args"
    kinds = [part["type"] for part in body.get("content", [])]
    if "text/plain" in kinds[1:]:
        yield "If present, text/plain must be first", "content"


def party_faults(party: dict[str, str], where: str) -> Iterator[Fault]:
    """An address that is none, or a name with a line break."""
    if not ADDRESS.fullmatch(party["email"]):
        yield "Does not contain a valid address.", f"{where}.email"
    if re.search("[\r\n]", party.get("name", "")):
        yield "The name contains a line break", f"{where}.name"


def header_faults(headers: dict[str, str], where: str) -> Iterator[Fault]:
    """Headers that are SendGrid's own, and values that would make another header."""
    for name, value in headers.items():
        if name.lower() in THEIRS:
            yield f"The header {name} cannot be set", where
        if re.search("[\r\n]", name + value):
            yield f"The header {name} contains a line break", where


def moment_faults(part: dict[str, Any], now: datetime, where: str) -> Iterator[Fault]:
    """A moment too far ahead."""
    if part.get("send_at", 0) > now.timestamp() + FURTHEST:
        yield "Scheduled more than 72 hours in advance", where


def size(part: object) -> int:
    """Bytes as JSON."""
    return len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()) if part else 0
