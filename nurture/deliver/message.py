"""An Email as a message in Internet form (RFC 5322, MIME): multipart/alternative of text and HTML."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from nurture.model.mail import Email

LINE_BREAKS = ("\r", "\n", "\0")


class CannotBeSaid(Exception):
    """A mail cannot be written as a message; the text says which part and why."""


def as_bytes(mail: Email) -> bytes:
    """The whole message with CRLF line ends. Raises CannotBeSaid; never writes a header it was not given."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = _address(mail.from_name, mail.from_address, "the sender")
        message["To"] = _address(mail.to_name, mail.to_address, "the reader")
        if mail.reply_to:
            message["Reply-To"] = _address("", mail.reply_to, "the reply address")
        message["Subject"] = _one_line(mail.subject, "the subject")
        message["Date"] = format_datetime(mail.date)
        for name, value in mail.headers:
            message[_one_line(name, "a header")] = _one_line(value, name)
    except (ValueError, MessageError) as fault:
        raise CannotBeSaid(str(fault)) from fault
    message["Content-Language"] = mail.locale
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def _one_line(text: str, what: str) -> str:
    if any(character in text for character in LINE_BREAKS):
        raise CannotBeSaid(f"{what} has a line break in it")
    return text


def _address(name: str, address: str, whose: str) -> Address:
    """A name and address. The standard library writes a wrong address for a local part that is not ASCII."""
    _one_line(name + address, f"{whose}'s address")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise CannotBeSaid(f"{whose} has no usable address: '{address}'")
    if not address.isascii():
        raise CannotBeSaid(f"{whose}'s address '{address}' is not ASCII, which this provider cannot write (RFC 6531)")
    return Address(display_name=name, addr_spec=address)
