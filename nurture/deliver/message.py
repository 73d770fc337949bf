"""An Email as a message in Internet form (RFC 5322, MIME): multipart/alternative of text and HTML."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from nurture.model.mail import Email

LINE_BREAKS = ("\r", "\n", "\0")
LONGEST_LINE = 998  # characters, RFC 5322 2.1.1
KEY_IN_BOUNDARY = 40
_WHOLE = frozenset({"message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post"})


class CannotBeSaid(Exception):
    """A mail cannot be written as a message; the text says which part and why."""


class _Policy(EmailPolicy):
    """CRLF line ends; headers that programs read stay on one line.

    The standard library would write a long address in List-Unsubscribe as encoded words, which no mail
    program takes for an address.
    """

    def fold(self, name: str, value: str) -> str:
        """One header as text."""
        return f"{name}: {value}{self.linesep}" if name.lower() in _WHOLE else str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as bytes."""
        return self.fold(name, value).encode("ascii")


POLICY = _Policy(linesep="\r\n")


def as_bytes(mail: Email) -> bytes:
    """The whole message with CRLF line ends, the same bytes for the same mail.

    Raises CannotBeSaid; never writes a header that it was not given.
    """
    message = EmailMessage(policy=POLICY)
    try:
        message["From"] = _address(mail.from_name, mail.from_address, "the sender")
        message["To"] = _address(mail.to_name, mail.to_address, "the reader")
        if mail.reply_to:
            message["Reply-To"] = _address("", mail.reply_to, "the reply address")
        message["Subject"] = _one_line(mail.subject, "the subject")
        message["Date"] = format_datetime(mail.date)
        for name, value in mail.headers:
            message[_ascii_line(name, "a header")] = _ascii_line(value, name)
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        message["Content-Language"] = mail.locale  # only now: setting content drops such headers
        message.set_boundary(f"=_{mail.key[:KEY_IN_BOUNDARY]}_=")
        return message.as_bytes()
    except (ValueError, MessageError) as fault:  # a UnicodeEncodeError is a ValueError
        raise CannotBeSaid(str(fault)) from fault


def _one_line(text: str, what: str) -> str:
    if any(character in text for character in LINE_BREAKS):
        raise CannotBeSaid(f"{what} has a line break in it")
    return text


def _ascii_line(text: str, what: str) -> str:
    if not text.isascii() or len(text) > LONGEST_LINE - len(what) - 2:
        raise CannotBeSaid(f"{what} is not ASCII, or too long for a line")
    return _one_line(text, what)


def _address(name: str, address: str, whose: str) -> Address:
    """A name and address. The standard library writes a wrong address for a local part that is not ASCII."""
    _one_line(name + address, f"{whose}'s address")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise CannotBeSaid(f"{whose} has no usable address: '{address}'")
    if not address.isascii():
        raise CannotBeSaid(f"{whose}'s address '{address}' is not ASCII, which this provider cannot write (RFC 6531)")
    return Address(display_name=name, addr_spec=address)
