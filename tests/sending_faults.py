"""Faults for the laws of sending to catch: which law, and what is put in the place of what."""

from datetime import datetime, timedelta
from typing import Any

from nurture.decide import last_look
from nurture.engine import flight, preparing, sending
from nurture.model.mail import Fate, Handover
from nurture.store import codes, outbox, outbox_doubts, outbox_rows


def _forgets_what_was_begun(self: flight.Flight, intent: object) -> Handover:
    return Handover(intent.key, Fate.planned)  # type: ignore[attr-defined]


def _put_back_of_members(connection: object, mails: object, words: object, at: object, basis: object) -> None:
    outbox_rows.put_back(connection, mails.values(), ("service", "news"))  # type: ignore[arg-type, attr-defined]


def _all_doubts(now: datetime) -> object:
    return outbox_doubts._doubtful(now - outbox_doubts.ONCE_MORE_AFTER).where(outbox_doubts.MESSAGE.c.again.is_(False))


def _any_service(now: datetime) -> object:
    service = outbox_doubts.MESSAGE.c.class_ == "service"
    return outbox_doubts._doubtful(now - outbox_doubts.ONCE_MORE_AFTER).where(service)


def _as_it_was_decided(book: object, person: object, intent: object, _now: object) -> object:
    return last_look.put_off(book, person, intent, intent.decided_at)  # type: ignore[arg-type, attr-defined]


def _whatever_is_in_the_pool(connection: Any, gift: str) -> tuple[int | None, str]:
    asked = codes.select(codes.CODE.c.number, codes.CODE.c.code).where(codes.CODE.c.gift == gift)
    number, code = connection.execute(asked.limit(1)).one()
    return number, code


def _another_code(connection: Any, _known: object, one: codes.Asked) -> codes.Drawn:
    _, code = _FROM_POOL(connection, one.gift)
    return codes.Drawn(code, one.expires_on)


_FROM_POOL = codes._from_pool


def _forgets_that_it_was_given(connection: Any, mails: Any, now: datetime) -> None:
    free = {"reservation": None, "given_at": None}
    connection.execute(codes.update(codes.CODE).where(codes.CODE.c.mail.in_(mails)).values(**free))


def _begins_the_first_alone(self: flight.Flight, keys: Any) -> None:
    self.begun.add(keys[0])
    self.answers.pop(keys[0], None)


def _remembers_that_they_had_not_gone(self: flight.Flight, keys: Any) -> None:
    self.begun.update(keys)


def _all_of_it_again(provider: Any, refused: Any, _answer: Any, _left: Any) -> list[Any]:
    return [preparing.Ready(refused.intents[:1], refused.request[:1])]


def _loses_who_is_left(_provider: Any, refused: Any, _answer: Any, left: Any) -> list[Any]:
    return [preparing.unwritten(one, ValueError()) for one in refused.intents if one.key in left]


FAULTS: list[tuple[str, object, str, object]] = [
    ("nothing_goes_twice_but_service_once_more", flight.Flight, "_silent", _forgets_what_was_begun),
    ("nothing_goes_twice_but_service_once_more", outbox, "doubt", _put_back_of_members),
    ("nothing_goes_twice_but_service_once_more", outbox_doubts, "_owed", _all_doubts),
    ("nothing_goes_twice_but_service_once_more", outbox_doubts, "_owed", _any_service),
    ("nothing_goes_twice_but_service_once_more", outbox_doubts, "ONCE_MORE_AFTER", timedelta(minutes=1)),
    ("what_went_is_never_called_not_gone", outbox, "put_back", lambda *_, **_later: None),
    ("every_mail_comes_to_an_end", outbox_doubts, "CLOSES_AFTER", timedelta(days=365)),
    ("every_mail_comes_to_an_end", outbox, "_left", lambda *_: outbox.select(outbox.BATCH).limit(0)),
    ("nothing_but_service_goes_in_quiet_hours", preparing, "put_off", lambda *_: None),
    ("nothing_but_service_goes_in_quiet_hours", preparing, "put_off", _as_it_was_decided),
    ("no_code_is_seen_in_two_mails_and_none_is_lost", codes, "_from_pool", _whatever_is_in_the_pool),
    ("no_code_is_seen_in_two_mails_and_none_is_lost", codes, "_again", _another_code),
    ("no_code_is_seen_in_two_mails_and_none_is_lost", outbox, "give", lambda *_: None),
    ("no_code_is_seen_in_two_mails_and_none_is_lost", outbox_rows, "give_back", lambda *_: None),
    ("no_code_is_seen_in_two_mails_and_none_is_lost", outbox_rows, "give_back", _forgets_that_it_was_given),
    ("what_went_is_never_called_not_gone", flight, "left_open", lambda answer, _words: answer),
    ("nothing_goes_twice_but_service_once_more", flight.Flight, "begin", _begins_the_first_alone),
    ("nothing_goes_twice_but_service_once_more", flight.Flight, "begin", _remembers_that_they_had_not_gone),
    ("nothing_goes_twice_but_service_once_more", sending, "once_more", _all_of_it_again),
    ("one_that_is_to_blame_holds_up_no_other", sending, "once_more", _loses_who_is_left),
]
