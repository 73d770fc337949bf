"""The page of `nurture export-person`: all that is known, and what GDPR article 15 asks, in the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from html import escape

from nurture.config import Config
from nurture.decide.clock import Clock, local, reader_clock
from nurture.decide.explain import why_words
from nurture.engine.ledger import about
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Reason
from nurture.model.event import OWN_EVENTS, Event, Origin
from nurture.model.mail import Fate
from nurture.model.person import Message, Person
from nurture.model.rules import Topic
from nurture.model.values import dataclass
from nurture.render.dossier import Speech
from nurture.store.dossier import Row

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#1d1d1f;"
    "background:#fff;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:start;vertical-align:top;padding:.2em .6em;border-bottom:1px solid #ccc}"
    "th{width:14em;font-weight:600}h2{margin-top:2em}small{color:#55555a}"
)
HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
SAID = {
    names.CONSENT_GIVEN: "gave", names.CONSENT_REFUSED: "refused", names.CONSENT_LIFTED: "lifted",
    names.CONSENT_ASKED: "asked", names.TRACKING_GIVEN: "tracking_given", names.TRACKING_REFUSED: "tracking_refused",
    names.THEME_SPARED: "spared", names.THEME_WANTED: "wanted", names.ADDRESS_ASKED: "other_address",
}  # fmt: skip
FATES = {
    Fate.planned: "waits", Fate.claimed: "waits", Fate.handed: "waits", Fate.held: "waits", Fate.in_doubt: "doubt",
    Fate.unknown: "doubt", Fate.refused: "not_sent", Fate.cancelled: "not_sent", Fate.expired: "not_sent",
    Fate.accepted: "went", Fate.delivered: "delivered", Fate.bounced: "bounced",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """What the page is made of; `subjects` are those of the mails, by key."""

    book: Book
    config: Config
    speech: Speech
    person: Person
    history: Sequence[Event]
    rows: Mapping[str, Sequence[Row]]
    fates: Mapping[str, Fate]
    subjects: Mapping[str, str]
    reasons: Sequence[Reason]
    now: datetime

    @property
    def clock(self) -> Clock:
        """The reader's own."""
        return reader_clock(self.book.rules, self.person.facts)

    def say(self, word: str, **values: str) -> str:
        """A sentence in the reader's language, escaped."""
        return self.speech.say(word, **values)

    def day(self, at: datetime | date) -> str:
        """A day as the reader writes it, on their clock."""
        return self.speech.day(local(at, self.clock) if isinstance(at, datetime) else at)

    def moment(self, at: datetime) -> str:
        """A day and a time, on the reader's clock."""
        return self.speech.moment(local(at, self.clock))

    def html(self) -> Iterator[str]:
        """The whole page, line by line."""
        sender = self.book.rules.sender
        yield f'<!doctype html><html lang="{self.speech.locale}" dir="{self.speech.direction}"><head>{HEAD}'
        yield f"<title>{escape(self.speech.word('title', house=sender.name))}</title>"
        yield f"<style>{STYLE}</style></head><body><h1>{self.say('title', house=sender.name)}</h1>"
        yield f"<p>{self.say('made', day=self.day(self.now))}. {self.say('intro')}</p>"
        yield from self.answers()
        yield from self.what_is_known()
        yield "</body></html>"

    def answers(self) -> Iterator[str]:
        """What article 15 (1) asks beside the data: who, why, from where, to whom, how long, and the rights."""
        sender = self.book.rules.sender
        house = ", ".join(filter(None, (sender.name, self.book.rules.postal_address)))
        write_to = self.say("write_to", address=sender.reply_to or sender.address)
        yield from self.part("who", f"<p><bdi>{escape(house)}</bdi></p><p>{write_to}</p>")
        measured = "measured" if self.person.tracked else "not_measured"
        yield from self.part("why", *self.sentences("why_topics"), *self.topics())
        yield from self.sentences("why_service", "why_rules", measured)
        yield from self.part("source", *self.sources())
        yield from self.part("others", *self.recipients())
        yield from self.part("kept", *self.sentences("kept_text"))
        yield from self.part("rights", *self.sentences("rights_text"))

    def what_is_known(self) -> Iterator[str]:
        """The data, and what came of it."""
        yield from self.part("known", *table(list(self.facts())))
        yield from self.part("said", *table([self.answer(one) for one in self.history if one.name in SAID]))
        told = [self.happened(one) for one in self.history if one.name not in OWN_EVENTS]
        yield from self.part("happened", *table(told))
        letters = [self.letter(one) for one in self.person.messages]
        yield from self.part("letters", *(self.sentences("letters_text") if letters else ()), *table(letters))
        wrote = [(escape(str(one["at"])), lines(one["subject"], one["words"])) for one in self.rows.get("reply", ())]
        yield from self.part("wrote", *table(wrote))
        why = [(self.moment(one.at), self.reason(one)) for one in self.reasons]
        yield from self.part("reasons", *table(why, " lang=en dir=ltr"))

    def reason(self, one: Reason) -> str:
        """Of what, and why."""
        return lines(": ".join(filter(None, (one.mail or one.sequence, why_words(one, self.clock)))))

    def part(self, title: str, *content: str) -> Iterator[str]:
        """A heading and what stands under it; nothing where there is nothing."""
        if content:
            yield f"<h2>{self.say(title)}</h2>"
            yield from content

    def sentences(self, *words: str) -> list[str]:
        """A paragraph each."""
        return [f"<p>{self.say(word)}</p>" for word in words]

    def topics(self) -> Iterator[str]:
        """Every topic, and whether they get letters about it."""
        return table([(self.title(one), self.standing(one)) for one in self.book.topics.values()])

    def title(self, topic: Topic) -> str:
        """What a topic is called in their language, escaped."""
        return escape(self.speech.title(topic.titles, topic.id))

    def standing(self, topic: Topic) -> str:
        """What holds of a topic today."""
        consent = self.person.consents.get(topic.id)
        if self.person.refused_all or (consent is not None and not consent.given):
            return self.say("topic_no", day=self.day(consent.since)) if consent else self.say("topic_never")
        if consent is not None and consent.holds(self.now):
            return self.say("topic_yes", day=self.day(consent.since))
        if topic.basis == "customer" and self.person.orders.count:
            return self.say("topic_customer")
        if consent is not None and consent.until is not None:
            return self.say("topic_over", day=self.day(consent.until))
        return self.say("topic_never")

    def sources(self) -> Iterator[str]:
        """From where what is known has come."""
        ids = [str(one["value"]) for one in self.rows.get("outside_id", ())]
        if any(one.fields.get("by") == "reader" for one in self.history) or self.rows.get("reply"):
            yield from self.sentences("source_reader")
        if ids:
            yield f"<p>{self.say('source_shop', ids=', '.join(ids))}</p>"
        if any(one.origin is Origin.imported for one in self.history):
            yield from self.sentences("source_list")
        if self.rows.get("happening"):
            yield from self.sentences("source_provider")

    def recipients(self) -> Iterator[str]:
        """To whom it went: who carries mail, and the systems that were called about them."""
        yield f"<p>{self.say(self.config.provider, host=self.config.smtp_host)}</p>"
        systems = sorted({str(one["endpoint"]) for one in self.rows.get("webhook", ())})
        if systems:
            yield f"<p>{self.say('systems', names=', '.join(systems))}</p>"
        yield from self.sentences("nobody")

    def facts(self) -> Iterator[tuple[str, str]]:
        """What is known, by name."""
        called = self.speech.named
        before = [str(one["address"]) for one in self.rows.get("address", ()) if one.get("valid_to")]
        yield from ((self.say("address"), lines(self.person.address)) for _ in [0] if self.person.address)
        yield from ((self.say("addresses"), lines(*before)) for _ in [0] if before)
        yield from ((self.say("tags"), lines(value(self.person.tags))) for _ in [0] if self.person.tags)
        for name, known in sorted(self.person.facts.items()):
            yield escape(called.get(name, name)), lines(self.told(known))
        for kind, things in sorted(self.person.things.items()):
            for key, fields in sorted(things.items()):
                said = ", ".join(f"{name} {self.told(one)}" for name, one in sorted(fields.items()))
                yield lines(f"{kind} {key}"), lines(said)

    def told(self, known: object) -> str:
        """A value as the reader writes it."""
        return self.day(known) if isinstance(known, date) else value(known)

    def answer(self, event: Event) -> tuple[str, str]:
        """One word of theirs: what, until when, who told us how and on what ground, and what they were shown."""
        topics = self.book.topics
        what = [
            self.speech.title(topics[one].titles, one) if one in topics else one
            for one in about(event)
            if one != "everything"
        ]
        said = self.say(SAID[event.name], what=", ".join(what) or self.speech.word("everything"))
        until, by = event.fields.get("until"), str(event.fields.get("by", ""))
        more = [self.say("until", day=self.day(until))] if isinstance(until, date) else []
        if by == "reader":
            more.append(self.say("by_reader"))
        elif event.origin is Origin.imported:
            more.append(self.say("by_import"))
        elif by:
            more.append(self.say("by_other", who=by))
        more += [escape(str(event.fields[one])) for one in ("how", "basis") if event.fields.get(one)]
        if event.fields.get("wording"):
            more.append(self.say("shown", words=str(event.fields["wording"])))
        return self.moment(event.happened_at), f"{said}<br><small>{'; '.join(more)}</small>" if more else said

    def happened(self, event: Event) -> tuple[str, str]:
        """One event of theirs, in the words that the shop has for it in that language."""
        called = self.speech.named
        said = ", ".join(f"{called.get(name, name)} {self.told(one)}" for name, one in event.fields.items())
        return self.moment(event.happened_at), lines(f"{called.get(event.name, event.name)} {said}".strip())

    def letter(self, one: Message) -> tuple[str, str]:
        """One mail: its subject, its topic, where it went to, and what became of it."""
        topic = self.book.topics.get(one.topic)
        about_it = self.title(topic) if topic is not None else ""
        fate = self.say(FATES[self.fates.get(one.key, Fate.accepted)])
        more = " · ".join(filter(None, (about_it, escape(one.address), fate)))
        return self.moment(
            one.at
        ), f"<bdi>{escape(self.subjects.get(one.key) or one.mail)}</bdi><br><small>{more}</small>"


def table(rows: Sequence[tuple[str, str]], attributes: str = "") -> Iterator[str]:
    """Two columns of what is escaped already; nothing where there is nothing."""
    if rows:
        yield f"<table{attributes}>"
        yield from (f'<tr><th scope="row"><bdi>{name}</bdi></th><td><bdi>{said}</bdi></td></tr>' for name, said in rows)
        yield "</table>"


def lines(*texts: str) -> str:
    """Lines below each other, escaped."""
    return "<br>".join(escape(line) for text in texts for line in str(text).splitlines())


def value(known: object) -> str:
    """A value as people write it."""
    if isinstance(known, tuple | list | frozenset):
        return ", ".join(value(one) for one in (sorted(known, key=str) if isinstance(known, frozenset) else known))
    return str(known)
