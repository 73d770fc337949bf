"""What this process did, counted for /metrics: it listens to spans, counts and log events, and asks no store."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock

from nurture import observe, spans
from nurture.engine.metrics import BY_NAME, Histogram, Page

_HISTOGRAMS = {
    spans.TURN: "nurture_turn_duration_seconds",
    spans.RENDER: "nurture_batch_rendering_duration_seconds",
    spans.POST: "nurture_provider_request_duration_seconds",
    spans.REQUEST: "nurture_web_request_duration_seconds",
}
_COUNTS = {spans.ANSWERED: "nurture_provider_answers_total", spans.DECIDED: "nurture_reasons_total"}


class Counting:
    """A watcher of `spans`, from any thread. `elapsed` gives seconds of a clock that only goes forwards.

    What is counted by a word of ours stands at 0 from the start: else Prometheus does not see the first time.
    """

    def __init__(self, elapsed: Callable[[], float], provider: str = "") -> None:
        self.elapsed = elapsed
        self._lock = Lock()
        self._counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for name in observe.NAMES:
            self._add("nurture_log_events_total", 0, name)
        for answer in spans.ANSWERS if provider else ():
            self._add("nurture_provider_answers_total", 0, provider, answer)
        for name in ("nurture_people_decided_total", "nurture_mails_decided_total"):
            self._add(name, 0)
        self._histograms = {name: Histogram(BY_NAME[name].edges) for name in _HISTOGRAMS.values()}

    def begun(self, name: str, _fields: Mapping[str, spans.Field]) -> spans.Ended:
        """Take the time of what has a histogram."""
        found, begun = _HISTOGRAMS.get(name), self.elapsed()

        def ended(_fault: BaseException | None) -> None:
            if found is not None:
                with self._lock:
                    self._histograms[found].add(self.elapsed() - begun)

        return ended

    def counted(self, name: str, fields: Mapping[str, spans.Field], times: int) -> None:
        """Add to a counter."""
        family = BY_NAME[_COUNTS[name]]
        self._add(family.name, times, *(str(fields[label]) for label in family.labels))

    def noted(self, name: str, fields: Mapping[str, object]) -> None:
        """Count a log event, and what a turn says that it did."""
        self._add("nurture_log_events_total", 1, name)
        if name == observe.TICK_DONE:
            self._add("nurture_people_decided_total", _number(fields.get("people")))
            self._add("nurture_mails_decided_total", _number(fields.get("decided")))

    def _add(self, name: str, times: int, *labels: str) -> None:
        with self._lock:
            self._counts[name, labels] += times

    def fill(self, page: Page) -> None:
        """Put it on a page."""
        with self._lock:
            for (name, labels), number in self._counts.items():
                page.set(name, number, *labels)
            for name, histogram in self._histograms.items():
                page.add(name, Histogram(histogram.edges, list(histogram.counts), histogram.sum))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
