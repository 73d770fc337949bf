"""The folder: one file for each mail, whole or not at all, and never two."""

import asyncio
import email
import email.policy
import os
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

from nurture.deliver.folder import Folder, file_name
from nurture.deliver.protocol import hand_over
from nurture.model.mail import Fate, Image

from .test_message import MAIL


def handed(provider, mails):
    async def every():
        return [one async for one in hand_over(provider, mails)]

    return asyncio.run(every())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_file_for_each_mail_in_order_of_date(tmp_path):
    later = replace(MAIL, key="aa00", date=MAIL.date + timedelta(hours=2))
    answers = handed(Folder(tmp_path / "out" / "box"), [later, MAIL])
    assert {(answer.key, answer.fate) for answer in answers} == {("aa00", Fate.accepted), ("ab12", Fate.accepted)}
    assert names(tmp_path / "out" / "box") == ["20261121T090000Z-ab12.eml", "20261121T110000Z-aa00.eml"]
    data = (tmp_path / "out" / "box" / "20261121T090000Z-ab12.eml").read_bytes()
    assert email.message_from_bytes(data, policy=email.policy.default)["Subject"] == "Hello"


def test_handing_over_twice_makes_one_file_and_leaves_it_alone(tmp_path):
    folder = Folder(tmp_path)
    first = handed(folder, [MAIL])
    before = (tmp_path / file_name(MAIL)).stat()
    second = handed(folder, [replace(MAIL, subject="Edited since")])
    assert [answer.fate for answer in first + second] == [Fate.accepted, Fate.accepted]
    assert "already" in second[0].detail
    assert names(tmp_path) == [file_name(MAIL)]
    assert (tmp_path / file_name(MAIL)).stat().st_mtime_ns == before.st_mtime_ns


def test_name_does_not_depend_on_the_zone_of_the_date():
    elsewhere = MAIL.date.astimezone(timezone(timedelta(hours=9)))
    assert file_name(replace(MAIL, date=elsewhere)) == file_name(MAIL)


def test_what_cannot_be_written_is_refused_and_the_rest_goes(tmp_path):
    unwritable = replace(MAIL, key="bb", to_address="أحمد@shop.example")
    unsafe = replace(MAIL, key="../up")
    answers = handed(Folder(tmp_path), [unwritable, unsafe, MAIL])
    assert [answer.fate for answer in answers] == [Fate.refused, Fate.refused, Fate.accepted]  # refusals come first
    assert "RFC 6531" in answers[0].detail
    assert names(tmp_path) == [file_name(MAIL)]


def test_a_folder_that_cannot_be_written_to_keeps_the_mail_waiting(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (answer,) = handed(Folder(tmp_path / "file"), [MAIL])
    assert (answer.key, answer.fate) == (MAIL.key, Fate.planned)
    assert "file" in answer.detail


def test_nothing_half_written_is_left_behind(tmp_path):
    (tmp_path / file_name(MAIL)).mkdir()
    asyncio.run(Folder(tmp_path).post(next(iter(Folder(tmp_path).build([MAIL])))))
    assert names(tmp_path) == [file_name(MAIL)]


def test_what_a_killed_run_left_is_cleared_away_and_nothing_else(tmp_path):
    abandoned, in_hand, others = ".nurture-a1.part", ".nurture-b2.part", ".theirs.part"
    for name in (abandoned, in_hand, others):
        (tmp_path / name).write_text("half")
    hour_ago = (tmp_path / in_hand).stat().st_mtime - 3700
    for name in (abandoned, others):
        os.utime(tmp_path / name, (hour_ago, hour_ago))
    handed(Folder(tmp_path), [MAIL])
    assert names(tmp_path) == [in_hand, others, file_name(MAIL)]


def test_pictures_are_in_the_file(tmp_path):
    picture = Image("cup.png", "cup@nurture", "image/png", bytes(range(256)))
    handed(Folder(tmp_path), [replace(MAIL, images=(picture,))])
    message = email.message_from_bytes((tmp_path / file_name(MAIL)).read_bytes(), policy=email.policy.default)
    assert [part.get_content() for part in message.walk() if part.get_content_type() == "image/png"] == [picture.data]


def test_many_at_once_are_each_written(tmp_path):
    mails = [replace(MAIL, key=f"k{number}") for number in range(60)]
    answers = handed(Folder(tmp_path), mails)
    assert {(answer.key, answer.fate) for answer in answers} == {(mail.key, Fate.accepted) for mail in mails}
    assert names(tmp_path) == sorted(file_name(mail) for mail in mails)
