"""What happens to a small shop that sends: rounds of two processes, their deaths, clocks, and the answers they get."""

from dataclasses import dataclass

from hypothesis import strategies as st

from nurture.model.rules import Span
from tests.sending_worlds import NIGHT


@dataclass(frozen=True)
class Step:
    """Somebody's clock moves, then one of two processes makes a round; it may die at one of its commits."""

    who: int
    minutes: int
    dies_at: int | None


@dataclass(frozen=True)
class World:
    """What happens: steps, what the provider does with one post after the other, the size of a batch, quiet hours.

    `each`: how many mails travel in one request at the most.
    """

    steps: tuple[Step, ...]
    answers: tuple[str, ...]
    size: int
    brake: int | None
    quiet: Span | None = NIGHT
    each: int = 1

    @property
    def forward(self) -> bool:
        """Whether the clock never went back."""
        return all(step.minutes >= 0 for step in self.steps)


STEPS = st.builds(
    Step,
    st.integers(0, 1),
    st.sampled_from([-90, -1, 0, 1, 1, 6, 16, 16, 40, 600, 3000]),
    st.none() | st.integers(1, 9),
)
ANSWERS = st.sampled_from(
    [
        "accept",
        "accept",
        "lost",
        "doubt",
        "busy",
        "refuse",
        "raise",
        "cut",
        "die before",
        "die after",
        "meanwhile",
        "one refused",
        "vague",
    ]
)
WORLDS = st.builds(
    World,
    st.lists(STEPS, min_size=1, max_size=7).map(tuple),
    st.lists(ANSWERS, max_size=10).map(tuple),
    st.sampled_from([1, 2, 100]),
    st.sampled_from([None, None, 1]),
    st.sampled_from([NIGHT, NIGHT, None]),
    st.sampled_from([1, 2, 3, 100]),
)
