"""The names of steps, written or derived, so that none depends on its position (language.md 4.3)."""

from collections import Counter
from collections.abc import Iterator

from nurture.language.reader import Fields, Reader
from nurture.language.tree import ScalarNode


class StepNames:
    """The id of every step of one sequence; a name that is taken twice is E210."""

    def __init__(self, steps: tuple[Fields, ...]) -> None:
        self._ids: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._numbered(steps)
        self._waits(steps)

    def of(self, step: Fields) -> str:
        """The id of a step."""
        return self._ids[id(step)]

    def say_twins(self, steps: tuple[Fields, ...], reader: Reader) -> None:
        """E210 for every step whose name an earlier one has; twin waits before twin steps go without saying."""
        taken: set[str] = set()
        derived: set[str] = set()
        for step in sorted(all_steps(steps), key=_is_derived):
            name = self.of(step)
            if name in taken and not (_is_derived(step) and name in derived):
                key = "id" if step.written("id") else step.table.verb or "id"
                message = f"two steps are called '{name}'"
                reader.say("E210", step.place_of(key), message, "give this one an id: of its own")
            taken.add(name)
            if _is_derived(step):
                derived.add(name)

    def _numbered(self, steps: tuple[Fields, ...]) -> None:
        for step in steps:
            verb = step.table.verb
            mail = step.node.get("mail" if verb == "ladder" else "send")
            if written := step.text("id"):
                self._ids[id(step)] = written
            elif verb in ("send", "ladder") and isinstance(mail, ScalarNode):
                self._ids[id(step)] = mail.text
            elif verb != "wait":
                self._ids[id(step)] = self._next(verb or "unread")
            for inside in lists_of(step):
                self._numbered(inside)

    def _waits(self, steps: tuple[Fields, ...]) -> None:
        for place in reversed(range(len(steps))):
            step = steps[place]
            for inside in lists_of(step):
                self._waits(inside)
            if id(step) not in self._ids:
                last = place + 1 == len(steps)
                self._ids[id(step)] = self._next("wait") if last else f"before_{self.of(steps[place + 1])}"

    def _next(self, verb: str) -> str:
        self._counts[verb] += 1
        return f"{verb}_{self._counts[verb]}"


def _is_derived(step: Fields) -> bool:
    return step.table.verb == "wait" and not step.text("id")


def arms_of(step: Fields) -> tuple[Fields, ...]:
    """The arms of a branch; none for other steps."""
    return step.many("branch", Fields)


def steps_of(arm: Fields) -> tuple[Fields, ...]:
    """The steps of an arm."""
    return arm.many("else" if arm.written("else") else "then", Fields)


def lists_of(step: Fields) -> tuple[tuple[Fields, ...], ...]:
    """The lists of steps inside a step: of arms, of ways, of a wait's `then` and `else`, of a round."""
    match step.table.verb:
        case "branch":
            return tuple(map(steps_of, arms_of(step)))
        case "split":
            return tuple(way.many("then", Fields) for way in step.many("split", Fields))
        case "wait":
            return (step.many("then", Fields), step.many("else", Fields))
        case "repeat":
            return (step.many("steps", Fields),)
    return ()


def all_steps(steps: tuple[Fields, ...]) -> Iterator[Fields]:
    """Every step, those inside others too, in the order of the file."""
    for step in steps:
        yield step
        for inside in lists_of(step):
            yield from all_steps(inside)
