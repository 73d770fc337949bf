"""A mail as a message for SMTP or a folder: of prepared parts, written whole, and by the standard library."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

from benchmarks.frame import ROOT, Figure, run
from benchmarks.rendering import mail_to, sends
from nurture.deliver.message import as_bytes
from nurture.engine.project import read_files
from nurture.language.project import read_project
from nurture.model.mail import Email

READERS = 200


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Every mail of the starter book, for so many readers, by the processor's clock."""
    files = read_files(ROOT)
    book = read_project(files).book
    assert book is not None
    prepared, whole, by_library, sizes = [], [], [], []
    for send in sends(book):
        mails = [one for number in range(READERS) if isinstance(one := mail_to(book, files, send, number), Email)]
        assert len(mails) == READERS
        sizes.append(len(as_bytes(mails[0])))
        prepared.append(spent(as_bytes, mails))
        whole.append(spent(as_bytes, [replace(mail, woven=None) for mail in mails]))
        by_library.append(spent(library, mails[:20]))
    ways = {"of prepared parts": prepared, "written whole": whole, "by EmailMessage": by_library}
    times = statistics.median(whole) / statistics.median(prepared)
    return [
        *(Figure(f"a message {way}, median", f"{statistics.median(found):.0f} µs") for way, found in ways.items()),
        Figure("whole takes so many times as long", f"{times:.1f}"),
        Figure("bytes of a message, median", f"{statistics.median(sizes):,.0f}"),
    ]


def spent(work: Callable[[Email], bytes], mails: list[Email]) -> float:
    """Microseconds of processor for one of them."""
    begun = time.process_time()
    for mail in mails:
        work(mail)
    return (time.process_time() - begun) / len(mails) * 1e6


def library(mail: Email) -> bytes:
    """The same mail as the standard library makes it for whoever asks for nothing else."""
    made = EmailMessage(policy=SMTP)
    made["From"] = f"{mail.from_name} <{mail.from_address}>"
    made["To"] = mail.to_address
    made["Subject"] = mail.subject
    made["Date"] = mail.date
    for name, value in mail.headers:
        made[name] = value
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made.as_bytes()


if __name__ == "__main__":
    run({"messages": measure})
