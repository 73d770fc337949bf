"""Random letters as raw mails: what is said in them, and how a mail program of the world would wrap it."""

from base64 import b64encode, encodebytes
from dataclasses import dataclass
from quopri import encodestring

from nurture.decide import reply_words
from tests.drawing import Dice, one_of

STOPS = reply_words.sayings(reply_words.STOP)
NEUTRAL = ("My new address is 4 rue du Four.", "Ich melde mich später", "Olur, bakarız", "حسنا", "בסדר", "Լավ")
DENIALS = (
    "Do not {}", "Never {}", "Please don't {}", "Why should I {}", "Bitte nicht {}", "Ne pas {}", "No quiero que {}",
    "Non {} mai", "Niet {}", "Não {}", "{} istemem", "لا أريد أن {}", "אני לא רוצה {} עכשיו", "մի {} երբեք",
)  # fmt: skip
GREETINGS = (
    "",
    "Hi Lena,\n\n",
    "Hello!\n",
    "Bonjour,\n\n",
    "Guten Tag,\n",
    "Hola,\n",
    "Merhaba,\n\n",
    "שלום,\n",
    "Բարև,\n",
)
BEFORE = ("", "Please ", "please, ", "Bitte ", "lütfen ", "Por favor, ", "من فضلك ", "בבקשה ", "Խնդրում եմ ")
AFTER = ("", "!", ".", " please", ", thanks!", " s'il vous plaît", " bitte", " lütfen.", " grazie", " תודה", " شكرا")
NAMES = ("", "\n\nSalma Öz", "\nSalma", "\n\nThanks\nSalma Öz\n", "\n-- \nSalma Öz\nnever stop roasting")
ADDED = (
    "",
    "\n\nSent from my iPhone",
    "\n\nGet Outlook for Android",
    "\n\nVon meinem iPhone gesendet",
    "\n\niPhone'umdan gönderildi",
)
OURS = "How was your first bag?\nSTOP\nUnsubscribe: https://letters.example/u/abc\nKestrel Coffee"
QUOTED = "\n".join(f"> {line}" for line in OURS.splitlines())
QUOTES = (
    "",
    f"\n\nOn Tue, Mar 2, 2027 at 9:12 AM Kestrel <h@kestrel.example> wrote:\n\n{QUOTED}",
    f"\n\nOn Tue, Mar 2, 2027 at 9:12 AM Kestrel Coffee <h@kestrel.example>\nwrote:\n{QUOTED}",
    f"\n\nAm 02.03.2027 um 09:12 schrieb Kestrel <h@kestrel.example>:\n{QUOTED}",
    f"\n\nKestrel <h@kestrel.example>, 2 Mar 2027 Sal, 09:12 tarihinde şunu yazdı:\n{QUOTED}",
    f"\n\n-----Original Message-----\nFrom: Kestrel\n{OURS}",
    f"\n\n________________________________\nVon: Kestrel <h@kestrel.example>\n{OURS}",
    f"\n\nFrom: Kestrel <h@kestrel.example>\nSent: Tuesday\nTo: Salma\nSubject: Hello\n\n{OURS}",
    f"\n\n{QUOTED}",
)  # fmt: skip
CHARSETS = ("utf-8", "iso-8859-1", "windows-1252", "iso-8859-9", "windows-1256", "windows-1255", "utf-16", "armscii-8")
SIGNS = (
    "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated (vacation)", "Return-Path: <>", "Precedence: bulk",
    "Precedence: junk", "Precedence: list", "X-Autoreply: yes", "X-Autorespond: away", "List-Id: <chat.list.example>",
    "List-Unsubscribe: <mailto:leave@list.example>",
)  # fmt: skip
HARMLESS = ("Auto-Submitted: no", "X-Auto-Response-Suppress: All", "Precedence: first-class", "X-Spam: no")


@dataclass(frozen=True)
class Written:
    """A letter, and what its writer wrote in it."""

    raw: bytes
    own: str
    signed: bool = False


def stop(dice: Dice) -> Written:
    """A plain stop, in any language and any case, with courtesy around it and anything below it."""
    saying = one_of(dice, *STOPS)
    saying = one_of(dice, saying, saying.upper(), saying.capitalize(), saying.title())
    own = one_of(dice, *GREETINGS) + one_of(dice, *BEFORE) + saying + one_of(dice, *AFTER) + one_of(dice, *NAMES)
    return wrapped(dice, own)


def denied(dice: Dice) -> Written:
    """What says a stop-word and denies it."""
    said = one_of(dice, *DENIALS).format(one_of(dice, *STOPS))
    said = one_of(dice, said, said.upper())
    return wrapped(dice, one_of(dice, *GREETINGS) + said + one_of(dice, *AFTER) + one_of(dice, *NAMES[:3]))


def neutral(dice: Dice) -> Written:
    """What says nothing of the kind, above a mail of ours that says how to leave."""
    return wrapped(dice, one_of(dice, *GREETINGS) + one_of(dice, *NEUTRAL) + one_of(dice, *NAMES))


def automatic(dice: Dice) -> Written:
    """Whatever a person could have written, sent by a machine that says so."""
    return wrapped(dice, one_of(dice, stop, denied, neutral)(dice).own, one_of(dice, *SIGNS))


def wrapped(dice: Dice, own: str, *signs: str) -> Written:
    """As a mail program sends it: with what it adds and quotes, in some charset, encoding and form."""
    text = own + one_of(dice, *ADDED) + one_of(dice, *QUOTES)
    head = ["From: Salma Öz <salma@post.example>", "To: lena@kestrel.example", one_of(dice, *HARMLESS), *signs]
    head.append(f"Subject: {encoded(one_of(dice, 'Re: Hello', 'AW: Merhaba', 'Ynt: Kahve ipuçları', ''))}")
    body = one_of(dice, plain, alternative, html_only)(dice, text)
    return Written("\r\n".join(head).encode() + b"\r\n" + body, own, bool(signs))


def encoded(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?B?{b64encode(text.encode()).decode()}?="


def plain(dice: Dice, text: str) -> bytes:
    return part(dice, "text/plain", text)


def alternative(dice: Dice, text: str) -> bytes:
    parts = (part(dice, "text/plain", text), part(dice, "text/html", as_html(text)))
    return b"Content-Type: multipart/alternative; boundary=B\r\n\r\n" + b"".join(
        b"--B\r\n" + one + b"\r\n" for one in parts
    ) + b"--B--\r\n"  # fmt: skip


def html_only(dice: Dice, text: str) -> bytes:
    return part(dice, "text/html", as_html(text))


def as_html(text: str) -> str:
    """Line by line; what is quoted stands in a blockquote."""
    found = []
    for line in text.split("\n"):
        safe = line.removeprefix("> ").replace("&", "&amp;").replace("<", "&lt;")
        found.append(f"<blockquote>{safe}</blockquote>" if line.startswith(">") else f"<div>{safe or '<br>'}</div>")
    return f"<html><head><style>p{{}}</style></head><body>{''.join(found)}</body></html>"


def part(dice: Dice, kind: str, text: str) -> bytes:
    """One part, in a charset that can say it."""
    charset = next((name for name in (one_of(dice, *CHARSETS),) if sayable(text, name)), "utf-8")
    data = text.replace("\n", "\r\n").encode(charset)
    how = one_of(dice, "base64", "quoted-printable") if charset == "utf-16" or max(data) > 127 else "7bit"
    how = "base64" if charset == "utf-16" else how
    head = f'Content-Type: {kind}; charset="{charset}"\r\nContent-Transfer-Encoding: {how}\r\n\r\n'.encode()
    return head + {"base64": encodebytes, "quoted-printable": encodestring, "7bit": bytes}[how](data)


def sayable(text: str, charset: str) -> bool:
    try:
        return text.encode(charset).decode(charset) == text
    except (UnicodeError, LookupError):
        return False


JUNK = (
    b"\r\n", b"\n", b"\r\n\r\n", b"\0", b"\xff\xfe", b"From: ", b"Subject: ", b"=?utf-8?q?", b"=?x?b?!!?=", b"?=",
    b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html; charset=hex", b"--b", b"--b--", b"<", b">",
    b"<div", b"<blockquote>", b"</style>", b"<!--", b"stop", b"unsubscribe", b'"', b"(", b")", b"\\", b"@", b":", b";",
    b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode",
    b"begin 644 a", b"boundary*0*=idna'en'x", b"name=x; filename*=utf-16''%ff", b"On 2027 wrote:", b"> ", b"&#x110000;",
    b"Content-Disposition: attachment; filename*=punycode''x-", b"In-Reply-To: <", b"\xed\xa0\x80", "סטופ".encode(),
    b"Content-Type: text/plain; charset=utf-16", b"charset*=utf-7'x'y", b" ", b"\t", b"A" * 80,
    b"-- ", b"_" * 20,
)  # fmt: skip


def junk(dice: Dice) -> bytes:
    """Pieces of mails in no order."""
    return b"".join(one_of(dice, *JUNK) for _ in range(dice(60)))
