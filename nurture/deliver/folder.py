"""The provider that needs no account: one .eml file for each mail, in a folder."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import UTC
from pathlib import Path

from nurture.deliver.message import CannotBeSaid, as_bytes
from nurture.deliver.protocol import OneEach
from nurture.deliver.watched import posting, reading
from nurture.model.mail import Email, Fate, Handover
from nurture.model.values import dataclass

ENDING = ".eml"
BEGINNING, PART = ".nurture-", ".part"
ABANDONED = 3600  # seconds after which an unfinished file belongs to no running process


@dataclass(frozen=True, slots=True)
class Letter:
    """One file to be: the send key, the name and the bytes."""

    key: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file; all empty: it is there now.

    `before`: it was there already. `fault`: why it could not be written. `cut`: nobody waited for the disk.
    """

    before: bool = False
    fault: str = ""
    cut: bool = False


def file_name(mail: Email) -> str:
    """Sorts by date (UTC), then key; the same mail always has the same name."""
    return f"{mail.date.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mail.key}{ENDING}"


@dataclass(slots=True)
class Folder(OneEach):
    """Writes mails into `path`, which is made when it is missing. What is there is left alone."""

    path: Path
    _tidy: bool = field(default=False, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The word in config.toml."""
        return "folder"

    @property
    def at_once(self) -> int:
        """A few, so that waiting for the disk overlaps; more gains nothing."""
        return 4

    async def close(self) -> None:
        """Nothing stays open."""

    def build(self, mails: Sequence[Email]) -> Iterator[Letter | Handover]:
        """A file for each mail; a mail that cannot be written as a message is refused with the reason."""
        for mail in mails:
            try:
                yield Letter(mail.key, file_name(mail), as_bytes(mail))
            except CannotBeSaid as fault:
                yield Handover(mail.key, Fate.refused, str(fault))

    @posting
    async def post(self, request: Letter) -> Written:
        """Write whole or not at all, in a thread: the disk can take its time, the web part goes on answering."""
        try:
            return await asyncio.to_thread(self._write, request)
        except asyncio.CancelledError:
            return Written(cut=True)  # the thread may have got there; handing over again leaves one file

    def _write(self, request: Letter) -> Written:
        target = self.path / request.name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if target.exists():
                return Written(before=True)
            handle, temporary = tempfile.mkstemp(dir=self.path, prefix=BEGINNING, suffix=PART)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(request.data)
                    file.flush()
                    os.fsync(file.fileno())
                    self._clear_away(os.fstat(file.fileno()).st_mtime - ABANDONED)
                Path(temporary).replace(target)
                flush_folder(self.path)  # else a power cut can take back the name of a file that is on the disk
            finally:
                Path(temporary).unlink(missing_ok=True)
        except OSError as fault:
            return Written(fault=f"{fault.strerror}: {self.path}")
        return Written()

    def _clear_away(self, before: float) -> None:
        """Once: what a killed run left unfinished. `before` is the disk's own clock, as are the files' times."""
        if self._tidy:
            return
        self._tidy = True
        with os.scandir(self.path) as entries:
            unfinished = [one for one in entries if one.name.startswith(BEGINNING) and one.name.endswith(PART)]
        for path in (Path(entry.path) for entry in unfinished):
            with suppress(FileNotFoundError):  # another thread's or process's, finished meanwhile
                if path.lstat().st_mtime < before:
                    path.unlink()

    @reading
    def read(self, request: Letter, answer: Written) -> Iterator[Handover]:
        """Accepted once the file is there; still planned when it could not be written, for then it is not there."""
        if answer.cut:
            yield Handover(request.key, Fate.in_doubt, f"nobody waited for {request.name} to be written")
        elif answer.fault:
            yield Handover(request.key, Fate.planned, answer.fault)
        else:
            detail = f"{request.name} was there already" if answer.before else request.name
            yield Handover(request.key, Fate.accepted, detail)


def flush_folder(path: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
