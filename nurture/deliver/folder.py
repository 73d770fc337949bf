"""The provider that needs no account: one .eml file for each mail, in a folder."""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from nurture.deliver.message import CannotBeSaid, as_bytes
from nurture.model.mail import Email, Fate, Handover

ENDING = ".eml"
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Letter:
    """One file to be: the send key, the name and the bytes."""

    key: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file: it was there before, or why it could not be written; neither means it is there now."""

    before: bool = False
    fault: str = ""


def file_name(mail: Email) -> str:
    """Sorts by date (UTC), then key; the same mail always has the same name."""
    return f"{mail.date.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mail.key}{ENDING}"


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes mails into `path`, which is made when it is missing. What is there is left alone."""

    path: Path

    @property
    def name(self) -> str:
        """The word in config.toml."""
        return "folder"

    @property
    def at_once(self) -> int:
        """One after the other: a disk gains nothing from more."""
        return 1

    async def close(self) -> None:
        """Nothing stays open."""

    def build(self, mails: Sequence[Email]) -> Iterator[Letter | Handover]:
        """A file for each mail; a mail that cannot be written as a message is refused with the reason."""
        for mail in mails:
            try:
                if not _SAFE.fullmatch(mail.key):
                    raise CannotBeSaid(f"the send key '{mail.key}' cannot be a file's name")
                yield Letter(mail.key, file_name(mail), as_bytes(mail))
            except CannotBeSaid as fault:
                yield Handover(mail.key, Fate.refused, str(fault))

    async def post(self, request: Letter) -> Written:
        """Write whole or not at all: a temporary file, flushed to the disk, then renamed."""
        target = self.path / request.name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if target.exists():
                return Written(before=True)
            handle, temporary = tempfile.mkstemp(dir=self.path, prefix=".", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(request.data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(target)
            finally:
                Path(temporary).unlink(missing_ok=True)
        except OSError as fault:
            return Written(fault=f"{self.path}: {fault.strerror}")
        return Written()

    def read(self, request: Letter, answer: Written) -> Iterator[Handover]:
        """Accepted once the file is there; still planned when it could not be written, for then it is not there."""
        if answer.fault:
            yield Handover(request.key, Fate.planned, answer.fault)
        else:
            detail = f"{request.name} was there already" if answer.before else request.name
            yield Handover(request.key, Fate.accepted, detail)
