"""The files of sequences/house/ as values: rules, stages and moments, topics, themes and tags (language.md 3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from nurture.language.asking import Asking
from nurture.language.house_grammar import RULES, STAGES, TOPICS
from nurture.language.keeping import read_keep
from nurture.language.reader import Fields, Reader
from nurture.language.replies import read_replies
from nurture.language.scope import Scope
from nurture.language.tree import Node
from nurture.model.catalogue import Limit, Mute
from nurture.model.expression import Condition
from nurture.model.length import Length
from nurture.model.rules import (
    CLASSES,
    Balance,
    Endpoint,
    Moment,
    Rules,
    Sender,
    Silence,
    Span,
    Stage,
    Sunset,
    Theme,
    Topic,
)


def read_rules(root: Node | None, reader: Reader) -> tuple[Rules, Fields | None]:
    """rules.yaml as a value, as far as it can be understood, and what it was read from."""
    fields = reader.fields(root, RULES, "rules")
    if fields is None:
        return Rules(""), None
    classes = fields.many("classes", str) or CLASSES
    if len(set(classes)) != len(CLASSES) and fields.written("classes"):
        message = "'classes' names each of the five once, strongest claim first"
        reader.say("E114", fields.place_of("classes"), message, ", ".join(CLASSES))
    _unique(fields, "mute", "name", "mutes", reader)
    brake = fields.get("brake", Fields)
    return Rules(
        project=fields.text("project"),
        zone=fields.text("zone", "UTC"),
        unknown_zone=fields.text("unknown_zone", "safe"),
        locales=fields.many("locales", str) or ("en",),
        leap_day=fields.text("leap_day", "feb-28"),
        sender=_sender(fields.get("sender", Fields)),
        postal_address=fields.text("postal_address"),
        classes=classes,
        quiet_hours=_quiet(fields.get("quiet_hours", Fields), reader),
        limits=tuple(_limit(part) for part in fields.many("limits", Fields) if part.get("max", int)),
        mutes=tuple(map(_mute, fields.many("mute", Fields))),
        min_gap=fields.get("min_gap", Length),
        brake=brake.get("most_per_hour", int) if brake else None,
        senders=_senders(fields.named("senders", Fields)),
        currency=fields.text("currency", "EUR"),
        hold_out=share(fields),
        seeds=fields.many("seeds", str),
        people=tuple(fields.named("people", str).items()),
        endpoints=tuple(_endpoint(name, part) for name, part in fields.named("endpoints", Fields).items()),
        balance=_balance(fields.get("balance", Fields)),
        silence=_silence(fields.get("silence", Fields)),
        sunset=_sunset(fields.get("sunset", Fields)),
        replies=read_replies(fields.get("replies", Fields), reader),
        keep=read_keep(fields.get("keep", Fields), reader),
    ), fields


def share(fields: Fields) -> int:
    """The percent of `hold_out`; 0 where it is not written."""
    return int(fields.text("hold_out", "0%").removesuffix("%"))


def _endpoint(name: str, part: Fields) -> Endpoint:
    return Endpoint(name, part.text("url_env"), part.text("key_env"), part.flag("private", default=False))


def _balance(part: Fields | None) -> Balance | None:
    within = part.get("within", Length) if part else None
    if part is None or within is None:
        return None
    return Balance(part.get("offers", int) or 1, part.get("per", int) or 1, within)


def _silence(part: Fields | None) -> Silence | None:
    longest = part.get("at_most", Length) if part else None
    return Silence(longest, part.text("start")) if part and longest else None


def _sunset(part: Fields | None) -> Sunset | None:
    after = part.get("after", Length) if part else None
    if part is None or after is None:
        return None
    classes = frozenset(part.many("classes", str)) or frozenset({"news", "offer"})
    return Sunset(after, part.get("mails", int) or 10, classes)


def _sender(part: Fields | None) -> Sender:
    if part is None:
        return Sender("", "")
    return Sender(part.text("name"), part.text("address"), part.text("reply_to"))


def _senders(parts: Mapping[str, Fields]) -> tuple[tuple[str, Sender, frozenset[str]], ...]:
    found = []
    for name, part in parts.items():
        wanted = part.get("for", Fields)
        speaks_for = (*wanted.many("classes", str), *wanted.many("topics", str)) if wanted else ()
        found.append((name, _sender(part), frozenset(speaks_for)))
    return tuple(found)


def _quiet(part: Fields | None, reader: Reader) -> Span | None:
    if part is None:
        return None
    start, end = part.get("from", time), part.get("to", time)
    if start is None or end is None:
        return None
    if start == end:
        reader.say(
            "E114", part.place, "'quiet_hours' begin and end at one time", "leave them out, or give them a length"
        )
    return Span(start, end)


def _limit(part: Fields) -> Limit:
    classes = frozenset(part.many("classes", str))
    return Limit(part.get("max", int) or 1, part.text("per"), part.get("within", Length), classes)


def _mute(part: Fields) -> Mute:
    return Mute(
        part.text("name"),
        frozenset(part.many("classes", str)),
        part.text("after"),
        part.get("for", Length),
        part.text("until"),
        part.get("then_for", Length),
        part.get("at_most", Length),
    )


def _unique(fields: Fields, key: str, name: str, called: str, reader: Reader) -> None:
    """E210 for the second entry of one name."""
    taken: set[str] = set()
    for entry in fields.many(key, Fields):
        word = entry.text(name)
        if word in taken:
            reader.say("E210", entry.place_of(name), f"two {called} are called '{word}'")
        taken.add(word)


def read_stages(root: Node, asking: Asking) -> tuple[tuple[Stage, ...], tuple[Moment, ...], Fields | None]:
    """stages.yaml as values: stages in order, moments, and what they were read from."""
    fields = asking.reader.fields(root, STAGES, "stages")
    if fields is None:
        return (), (), None
    _unique(fields, "stages", "id", "stages", asking.reader)
    _unique(fields, "moments", "id", "moments", asking.reader)
    _no_moment_is_a_stage(fields, asking.reader)
    blind = asking.within(_without_stages)
    stages = []
    for part in fields.many("stages", Fields):
        rule = blind.condition(part, "enter")
        if rule is not None:
            stages.append(Stage(part.text("id"), part.text("title"), rule, part.get("keep_for", Length)))
    return tuple(stages), _moments(fields, blind), fields


def _moments(fields: Fields, asking: Asking) -> tuple[Moment, ...]:
    rules: list[tuple[Fields, Condition | None]] = [
        (part, asking.condition(part, "while")) for part in fields.many("moments", Fields)
    ]
    return tuple(Moment(part.text("id"), part.text("title"), rule) for part, rule in rules if rule is not None)


def _no_moment_is_a_stage(fields: Fields, reader: Reader) -> None:
    stages = {part.text("id") for part in fields.many("stages", Fields)}
    for part in fields.many("moments", Fields):
        if part.text("id") in stages:
            reader.say("E210", part.place_of("id"), f"'{part.text('id')}' is a stage already")
    for part in (*fields.many("stages", Fields), *fields.many("moments", Fields)):
        if part.text("id") == "any":
            reader.say("E114", part.place_of("id"), "'id: any' is not understood", "'any' means everybody")


def _without_stages(scope: Scope) -> Scope:
    """A stage cannot ask for the stage: it would ask for itself; nor for numbers, which are known for a time only."""
    names = {name: meaning for name, meaning in scope.names.items() if name != "person.stage"}
    told = [name for name in names if name.startswith("numbers.")]
    beside = {**scope.beside, "person.stage": "'person.stage' cannot be asked here: these rules are what sets it"}
    for name in told:
        beside[name] = f"'{name}' cannot be asked here: it is known for a time only"
        del names[name]
    return replace(scope, names=names, beside=beside, moments=frozenset())


def read_topics(root: Node, reader: Reader) -> tuple[dict[str, Topic], dict[str, Theme], dict[str, str]]:
    """topics.yaml as values: topics, themes and tags, each with its earlier name or with none."""
    fields = reader.fields(root, TOPICS, "topics")
    if fields is None:
        return {}, {}, {}
    topics = {
        name: Topic(
            name,
            tuple(part.named("title", str).items()),
            part.text("basis", "opt_in"),
            part.text("was"),
            part.text("confirm"),
        )
        for name, part in fields.named("topics", Fields).items()
    }
    themes = {
        name: Theme(name, tuple(part.named("title", str).items()), part.text("was"))
        for name, part in fields.named("themes", Fields).items()
    }
    _renamed(fields, "topics", "topic", reader)
    _renamed(fields, "themes", "theme", reader)
    return topics, themes, _tags(fields, reader)


def _tags(fields: Fields, reader: Reader) -> dict[str, str]:
    tags = dict.fromkeys(fields.many("tags", str), "")
    parts = fields.many("tags", Fields)
    taken = {*tags, *(part.text("tag") for part in parts)}
    for part in parts:
        was = part.text("was")
        if was and was in taken:
            reader.say(
                "E114", part.place_of("was"), f"'was: {was}' is not understood; another tag is called that, or was"
            )
        taken.add(was)
        tags[part.text("tag")] = was
    return tags


def _renamed(fields: Fields, key: str, called: str, reader: Reader) -> None:
    """E114 for a `was` that is still somebody's name, or that two claim."""
    parts = fields.named(key, Fields)
    taken = set(parts)
    for part in parts.values():
        was = part.text("was")
        if was in taken:
            message = f"'was: {was}' is not understood; another {called} is called that, or was"
            reader.say("E114", part.place_of("was"), message)
        taken |= {was} - {""}
