"""What one sequence says of its own changes and size: `was`, `removed`, `at_most`, `spread` (language.md 4.1 and 8)."""

from collections.abc import Mapping

from nurture.language.names import called_now, did_you_mean
from nurture.language.reader import Fields, Reader
from nurture.language.triggers import fields_of
from nurture.model.sequence import Sequence
from nurture.model.trigger import OnceTrigger


def check_edits(fields: Fields, sequence: Sequence, steps: Mapping[str, Fields], reader: Reader) -> None:
    """The findings about these keys that need the rest of the sequence."""
    _check_former_name(fields, sequence, reader)
    _check_renamed(sequence, steps, reader)
    _check_removed(fields, sequence, steps, reader)
    _check_broadcast(fields, sequence, reader)


def _check_former_name(fields: Fields, sequence: Sequence, reader: Reader) -> None:
    """E114 for a sequence that was called what it, or another, is called now."""
    if sequence.was == sequence.name or sequence.was in (reader.names.sequence or ()):
        hint = "that is its name now" if sequence.was == sequence.name else "there is a sequence of that name"
        reader.say("E114", fields.place_of("was"), f"'was: {sequence.was}' is not understood", hint)


def _check_renamed(sequence: Sequence, steps: Mapping[str, Fields], reader: Reader) -> None:
    """E114 for a `was` that is still a step's name, or that two steps claim."""
    claimed: set[str] = set()
    for name, node in sequence.nodes.items():
        was = node.step.was
        if was in sequence.nodes and was != name:
            message = f"'was: {was}' is not understood; a step is still called that"
            reader.say("E114", steps[name].place_of("was"), message)
        elif was and (was == name or was in claimed):
            message = f"'was: {was}' is not understood"
            hint = "that is its name now" if was == name else "another step was called that already"
            reader.say("E114", steps[name].place_of("was"), message, hint)
        claimed |= {was} - {""}


def _check_removed(fields: Fields, sequence: Sequence, steps: Mapping[str, Fields], reader: Reader) -> None:
    """E114 for a removed step that is still there or was renamed; E209 for a step to go to that is not."""
    renamed = {node.step.was for node in sequence.nodes.values()}
    for part, removal in zip(fields.many("removed", Fields), sequence.removed, strict=True):
        if removal.step and (removal.step in steps or removal.step in renamed):
            there = "is still there" if removal.step in steps else "was renamed"
            message = f"'step: {removal.step}' is not understood; this step {there}"
            reader.say("E114", part.place_of("step"), message, "leave this entry out")
        if removal.go_to and removal.go_to not in steps:
            were = {node.step.was: name for name, node in sequence.nodes.items() if node.step.was}
            now = called_now(were[removal.go_to]) if removal.go_to in were else ""
            hint = now or did_you_mean(removal.go_to, steps)
            reader.say("E209", part.place_of("go_to"), f"there is no step '{removal.go_to}'", hint)


def _check_broadcast(fields: Fields, sequence: Sequence, reader: Reader) -> None:
    """A `once` start needs `at_most`; only it can be spread."""
    once = [trigger for trigger in sequence.start if isinstance(trigger, OnceTrigger)]
    if once and not fields.written("at_most"):
        message = "a 'once' start needs 'at_most': so many people it may reach; more are held and asked about"
        reader.say("E115", once[0].place, message, "at_most: 5000, beside 'start'")
    if fields.written("spread") and not once and len(sequence.start) == len(fields_of(fields.get("start", Fields))):
        place = fields.place_of_key("spread")
        reader.say("E110", place, "'spread' only goes with a 'once' start", "or at_most: so many people a day")
