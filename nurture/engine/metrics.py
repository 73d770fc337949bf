"""Every metric: its name, kind, meaning and labels, and a page of them in Prometheus' text format 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats and /docs/practices/naming. No label names anybody, and each
has few values: classes, fates, providers, families of mailboxes, words of ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field
from math import inf

from nurture.model.values import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `edges` are the upper bounds of a histogram's buckets, in seconds."""

    name: str
    kind: str
    words: str
    labels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
FAMILIES = (
    Family("nurture_up", "gauge", "1 while the store answers."),
    Family("nurture_build_info", "gauge", "The version that answers; always 1.", ("version",)),
    Family("nurture_halted", "gauge", "1 while all sending is halted."),
    Family("nurture_decided_until_timestamp_seconds", "gauge", "Until when everything is decided."),
    Family(
        "nurture_overdue_people", "gauge", "Entries of the agenda that are due and were not looked at; 100001 is more."
    ),
    Family("nurture_runners", "gauge", "Daemons and workers that did not say goodbye."),
    Family("nurture_daemon_seen_timestamp_seconds", "gauge", "When a daemon or worker last said that it lives."),
    Family("nurture_runner_silent_longest_seconds", "gauge", "How long the one that was silent longest is silent."),
    Family(
        "nurture_queue_mails",
        "gauge",
        "Mails that wait to be claimed, by class; 100001 is more than 100000.",
        ("class",),
    ),
    Family(
        "nurture_queue_oldest_due_timestamp_seconds",
        "gauge",
        "When the oldest waiting mail that may go was due; nothing while none may.",
        ("class",),
    ),
    Family(
        "nurture_outbox_mails",
        "gauge",
        "Mails that wait, are held, in doubt or did not go; 100001 is more.",
        ("state",),
    ),
    Family("nurture_batches", "gauge", "Batches that somebody is at.", ("state",)),
    Family("nurture_received_posts", "gauge", "Posts from outside that are kept and not taken in.", ("state",)),
    Family("nurture_received_oldest_timestamp_seconds", "gauge", "When the oldest post came that nobody has read."),
    Family(
        "nurture_webhook_calls",
        "gauge",
        "Calls of other systems that wait or are on their way; 100001 is more.",
        ("state",),
    ),
    Family("nurture_book_edition", "gauge", "The number of the newest apply."),
    Family("nurture_book_applied_timestamp_seconds", "gauge", "When it was applied."),
    Family("nurture_source_last_event_timestamp_seconds", "gauge", "When an expected event last happened.", ("event",)),
    Family("nurture_alarms", "gauge", "Alarms that are open, by kind.", ("alarm",)),
    Family("nurture_store_size_bytes", "gauge", "What the store takes on disk."),
    Family("nurture_mails_total", "counter", "What became of mails.", ("provider", "family", "what")),
    Family("nurture_service_mails_total", "counter", "How many of the accepted are service.", ("provider", "family")),
    Family("nurture_mail_clicks", "gauge", "Clicks that are judged a person's.", ("provider", "family")),
    Family("nurture_people_decided_total", "counter", "People looked at by turns of this process."),
    Family("nurture_mails_decided_total", "counter", "Mails decided by turns of this process."),
    Family("nurture_reasons_total", "counter", "Reasons that decisions of this process gave.", ("why",)),
    Family(
        "nurture_provider_answers_total",
        "counter",
        "What the provider made of requests of this process.",
        ("provider", "answer"),
    ),
    Family("nurture_log_events_total", "counter", "Log events of this process, whatever its level.", ("event",)),
    Family("nurture_turn_duration_seconds", "histogram", "How long turns took.", edges=QUICK),
    Family("nurture_batch_rendering_duration_seconds", "histogram", "Making a batch ready to leave.", edges=QUICK),
    Family("nurture_provider_request_duration_seconds", "histogram", "Requests to the provider.", edges=QUICK),
    Family("nurture_web_request_duration_seconds", "histogram", "Requests to the web part.", edges=QUICK),
)
"""All of them, in the order in which they are answered; docs/operations.md lists the same."""
BY_NAME = {one.name: one for one in FAMILIES}


@dataclass(slots=True)
class Histogram:
    """How many took how long: counts by bucket, the last of them beyond all edges."""

    edges: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.edges) + 1)

    def add(self, seconds: float) -> None:
        """One more."""
        place = next((place for place, edge in enumerate(self.edges) if seconds <= edge), len(self.edges))
        self.counts[place] += 1
        self.sum += seconds

    def samples(self, name: str) -> Iterator[str]:
        """Its lines, each bucket with all below it."""
        upto = 0
        for edge, number in zip((*self.edges, inf), self.counts, strict=True):
            upto += number
            bound = "+Inf" if edge == inf else f"{edge:g}"
            yield f'{name}_bucket{{le="{bound}"}} {upto}'
        yield f"{name}_sum {self.sum:.6f}"
        yield f"{name}_count {upto}"


@dataclass(slots=True)
class Page:
    """Samples of families, each set of labels once; KeyError for a family that is not in this module."""

    _found: dict[str, dict[Labels, float]] = field(default_factory=dict)
    _histograms: dict[str, Histogram] = field(default_factory=dict)

    def set(self, name: str, value: float, *labels: str) -> None:
        """One sample; labels in the order of the family. ValueError for too few or too many."""
        named = tuple(zip(BY_NAME[name].labels, labels, strict=True))
        self._found.setdefault(name, {})[named] = value

    def add(self, histogram: str, values: Histogram) -> None:
        """A histogram."""
        self._histograms[BY_NAME[histogram].name] = values

    def text(self) -> str:
        """As it is answered."""
        return "".join(f"{line}\n" for one in FAMILIES for line in self._lines(one))

    def _lines(self, one: Family) -> Iterator[str]:
        found, histogram = self._found.get(one.name), self._histograms.get(one.name)
        if found or histogram:
            yield f"# HELP {one.name} {one.words}"
            yield f"# TYPE {one.name} {one.kind}"
        if histogram:
            yield from histogram.samples(one.name)
        for labels, value in sorted((found or {}).items()):
            said = f"{value:.3f}" if isinstance(value, float) else value
            yield f"{one.name}{_braced(labels)} {said}"


def _braced(labels: Sequence[tuple[str, str]]) -> str:
    said = ",".join([f'{name}="{_escaped(value)}"' for name, value in labels])
    return f"{{{said}}}" if said else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
