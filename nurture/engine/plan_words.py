"""A plan in words for people, as Markdown for a merge request, and as one document (language.md 11.7)."""

from collections.abc import Iterator

from nurture.decide.migrate import FOLLOWS, GO_TO, NEXT, STOP
from nurture.engine.plan import CHANGED, GONE, NEW, SAME, Missing, Plan, SequencePlan
from nurture.engine.plan_house import Forecast, Stages
from nurture.engine.plan_people import Group
from nurture.model.step import Repeat, Send, Task, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday

DECIDE = "<- decide"
MOST_NAMED = 3
_WAITS = (WaitLength, WaitDay, WaitUntil, WaitWeekday)


def plan_lines(found: Plan) -> Iterator[str]:
    """The whole plan: sequences, house, mails, and what is missing."""
    if not found.changes and not found.missing:
        yield "Nothing changes: these files are live already."
    for one in found.sequences:
        if one.how != SAME or any(group.undecided for group in one.groups):
            yield from sequence_lines(found, one)
            yield ""
    for change in found.house:
        yield f"sequences/{change.what}  {change.how}" if "/" in change.what else f"{change.what}  {change.how}"
        yield from (f"  {detail}" for detail in change.details)
    yield from forecast_lines(found.forecast)
    yield from stage_lines(found.stages)
    for change in found.mails:
        yield f"{change.what}  {change.how}{': ' if change.details else ''}{'; '.join(change.details)}"
    yield from ending_lines(found)


def sequence_lines(found: Plan, one: SequencePlan) -> Iterator[str]:
    """One sequence: its versions and changes, then its people."""
    if one.how == NEW:
        yield f"{one.name}    new{', a draft: it does not run' if one.draft else ''}"
        yield f"  0 people start now.{_already(one)}"
        if one.starts is not None and one.starts.next_hour:
            yield f"     up to {one.starts.next_hour:,} people are mailed within the hour"
        return
    if one.how == GONE:
        chosen = one.name in found.choice.drop
        yield f"{one.name}    gone"
        if one.gone:
            yield f"    {people(one.gone)} inside    {'leave' if chosen else f'would lose their place    {DECIDE}'}"
        if one.settling:
            yield f"    {one.settling:,} waiting to settle would not start"
        return
    yield f"{one.name}   version {one.was_version} -> {one.version}" if one.how == CHANGED else one.name
    yield from (f"  {change}" for change in one.changes)
    yield ""
    yield f"  {people(one.inside)} inside{settling(one.settling)}"
    widest = max((len(_stand(found, one, group)) for group in one.groups), default=0)
    for group in one.groups:
        decide = group.undecided or (group.at_once and not found.choice.due_now)
        mark = f"    {DECIDE}" if decide else ""
        yield f"  {group.count:>6,}  {_stand(found, one, group):<{widest}}   {_goes(found, group)}{mark}"
    if one.unfit:
        yield f"  {one.unfit:,} of {one.looked:,} would not fit  while  now; they leave at their next step"


def _already(one: SequencePlan) -> str:
    """`318 already fulfil it; they are left alone (nurture enrol gone_quiet --already)`."""
    if one.already is None or not one.already.fulfil:
        return ""
    of = "" if one.already.people == one.already.of else f" of {one.already.people:,} asked"
    alone = f"they are left alone (nurture enrol {one.name} --already)"
    return f"   {one.already.fulfil:,}{of} already fulfil it; {alone}"


def _stand(found: Plan, one: SequencePlan, group: Group) -> str:
    """Where they stand, as one would say it: `waiting before_ask`, `at ask`, `in call`."""
    if group.step is None:
        return "at its end"
    book = found.tree.book
    sequence = book.older.get((one.name, group.version)) or book.sequences.get(one.name)
    node = sequence.nodes.get(group.step) if sequence is not None else None
    match node.step if node is not None else None:
        case WaitEvent():
            words = f"waiting for {group.step}"
        case WaitLength() | WaitDay() | WaitUntil() | WaitWeekday():
            words = f"waiting {group.step}"
        case Send():
            words = f"at {group.step}"
        case Task() | Repeat():
            words = f"in {group.step}"
        case _:
            words = f"at {group.step}"
    return words if group.version in (one.was_version, one.version) else f"{words} (version {group.version})"


def _goes(found: Plan, group: Group) -> str:
    if group.stays:
        return f"stay on version {group.version} to its end"
    landing = group.landing
    if group.undecided:
        return "nobody said where they go"
    words = {
        FOLLOWS: f"follow the new name {landing.step}",
        NEXT: f"go on to {landing.step}" if landing.step else "finish",
        GO_TO: f"go to {landing.step}",
        STOP: "leave",
    }.get(landing.how, "stay")
    if group.at_once:
        words += f"; {group.at_once:,} of them {_at_once(found)}"
    if group.ends:
        words += f"; {group.ends:,} leave at once by stop_when"
    return words


def _at_once(found: Plan) -> str:
    match found.choice.due_now:
        case "send":
            return "go at once"
        case "old-day":
            return "keep the day they had"
        case "spread":
            return f"are spread over {found.choice.spread}"
    return "would be due at once"


def forecast_lines(found: Forecast | None) -> Iterator[str]:
    """`next 14 days, simulated: 1,204 messages -> 911.   Most lost: weekly_cups 188, second_bag 61`."""
    if found is None:
        return
    of = "" if found.people == found.of else f" on {found.people:,} of {found.of:,} people"
    named = ", ".join(f"{name} {number:,}" for name, number in found.lost.most_common(MOST_NAMED))
    lost = f"   Most lost: {named}" if named else ""
    yield f"  next {found.days} days, simulated{of}: {found.before:,} messages -> {found.after:,}.{lost}"


def stage_lines(found: Stages | None) -> Iterator[str]:
    """How many change stage by new rules; it starts nothing."""
    if found is None:
        return
    of = "" if found.people == found.of else f" of {found.people:,} looked at"
    moved = found.moves.total()
    named = ", ".join(f"{old} -> {new} {number:,}" for (old, new), number in found.moves.most_common(MOST_NAMED))
    yield f"  {people(moved)}{of} would come to another stage{f' ({named})' if named else ''}; that starts nothing"


def ending_lines(found: Plan) -> Iterator[str]:
    """What is missing with its cure, or how much can go out at once."""
    if found.missing:
        number = len(found.missing)
        yield ""
        yield f"Not ready. {_number(number)} missing:"
        yield from (f"  {place}  {one.words}" for place, one in enumerate(found.missing, 1))
    elif found.changes:
        yield ""
        yield f"The most that can go out in the next hour because of this: {messages(found.next_hour)}."


def _number(count: int) -> str:
    words = ("no", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    said = words[count] if count < len(words) else f"{count:,}"
    return f"{said} decision is" if count == 1 else f"{said} decisions are"


def bound_of(found: Plan) -> dict[str, object]:
    """What a plan is bound to."""
    counts = found.counts
    return {"application": found.application, "files": found.files, "answer": found.answer, "counts": counts}


def people(count: int) -> str:
    """`1 person`, `61 people`."""
    return "1 person" if count == 1 else f"{count:,} people"


def settling(count: int) -> str:
    """`, 3 waiting to settle`: what would start them came, and who may start is asked in a moment."""
    return f", {count:,} waiting to settle" if count else ""


def messages(count: int) -> str:
    """`1 message`, `4 messages`."""
    return "1 message" if count == 1 else f"{count:,} messages"


def markdown(found: Plan) -> Iterator[str]:
    """The plan as a comment on a merge request."""
    state = "not ready" if found.missing else "ready" if found.changes else "nothing changes"
    yield f"### nurture plan: {state}"
    yield ""
    if found.missing:
        yield "Decisions that are missing:"
        yield ""
        yield from (f"{place}. {one.words}" for place, one in enumerate(found.missing, 1))
        yield ""
    yield "```"
    yield from (line for line in plan_lines(found))
    yield "```"


def document(found: Plan) -> dict[str, object]:
    """The plan as one document: what `--json` prints and a plan file keeps."""
    return {
        "changes": found.changes,
        "sequences": [_sequence_document(found, one) for one in found.sequences if one.how != SAME],
        "house": [{"what": one.what, "how": one.how, "details": one.details} for one in found.house],
        "mails": [{"what": one.what, "how": one.how, "details": one.details} for one in found.mails],
        "forecast": _forecast_document(found.forecast),
        "stages": _stages_document(found.stages),
        "missing": [_missing_document(one) for one in found.missing],
        "next_hour": found.next_hour,
        "bound": {
            "application": found.application,
            "files": found.files,
            "answer": found.answer,
            "counts": found.counts,
        },
    }


def _sequence_document(found: Plan, one: SequencePlan) -> dict[str, object]:
    groups = [
        {
            "version": group.version,
            "step": group.step,
            "people": group.count,
            "how": "stays on its version" if group.stays else group.landing.how,
            "to": group.landing.step,
            "due_at_once": group.at_once,
            "leave_at_once": group.ends,
            "words": _goes(found, group),
        }
        for group in one.groups
    ]
    return {
        "sequence": one.name,
        "how": one.how,
        "version": one.was_version,
        "new_version": one.version,
        "changes": one.changes,
        "inside": one.inside,
        "settling": one.settling,
        "already_fulfil": None if one.already is None else one.already.fulfil,
        "people": groups,
        "would_not_fit": one.unfit,
    }


def _forecast_document(found: Forecast | None) -> dict[str, object] | None:
    if found is None:
        return None
    asked = {"days": found.days, "people": found.people, "of": found.of}
    return {**asked, "before": found.before, "after": found.after, "lost": dict(found.lost)}


def _stages_document(found: Stages | None) -> dict[str, object] | None:
    if found is None:
        return None
    moves = [{"from": old, "to": new, "people": number} for (old, new), number in sorted(found.moves.items())]
    return {"people": found.people, "of": found.of, "moves": moves}


def _missing_document(one: Missing) -> dict[str, object]:
    return {"key": one.key, "people": one.people, "words": one.words}
