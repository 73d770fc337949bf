"""Stretches of work as traces of OpenTelemetry, when its standard variables name an endpoint and the extra is there.

The only module that knows OpenTelemetry. What is sent are the names and fields of `spans`, which hold nobody's name. A
collector that is slow or away costs nothing but the traces: they are sent by a thread of their own, from a queue that
drops what it cannot hold.
"""

import logging
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

from nurture import spans

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
OFF = "OTEL_SDK_DISABLED"
EXTRA = "opentelemetry.sdk.trace"
AT_ONCE, KEPT = 512, 4096  # spans that are sent together, and that wait at the most
SECONDS = 5.0  # between two posts, and for one
QUIET = 600.0  # seconds
LOUD = ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal")
MISSING = "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed: pip install 'nurture[telemetry]'"


def begin(variable: Callable[[str], str], version: str, tell: Callable[[str], None]) -> Callable[[], None]:
    """Send traces from now on, if the environment asks for them; what is given sends the rest and ends it.

    `variable` gives an environment variable, empty for none. What keeps it from being done is told, in words.
    """
    if not any(map(variable, ENDPOINTS)) or variable(OFF).casefold() == "true":
        return _nothing
    if not _is_there():
        tell(MISSING)
        return _nothing
    provider = _provider(version)
    for name in LOUD:
        logging.getLogger(name).addFilter(SELDOM)  # once, however often this is called
    unwatch = spans.watch(Tracing(provider))

    def end() -> None:
        unwatch()
        last = Thread(target=provider.shutdown, daemon=True)  # a collector that hangs must not keep us
        last.start()
        last.join(SECONDS)

    return end


class Seldom(logging.Filter):
    """Lets a library say once in ten minutes that a collector does not answer, and not at every try."""

    def __init__(self) -> None:
        super().__init__()
        self._said = -QUIET

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it was quiet for long enough; a clock that was put back silences nobody."""
        if self._said <= record.created < self._said + QUIET:
            return False
        self._said = record.created
        return True


SELDOM = Seldom()


def _nothing() -> None:
    """There is nothing to end."""


def _is_there() -> bool:
    try:
        return find_spec(EXTRA) is not None and find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


def _provider(version: str) -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource.create({"service.name": "nurture", "service.version": version})  # OTEL_SERVICE_NAME outweighs it
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(timeout=int(SECONDS)),
            max_queue_size=KEPT,
            max_export_batch_size=AT_ONCE,
            schedule_delay_millis=SECONDS * 1_000,
            export_timeout_millis=SECONDS * 1_000,
        )
    )
    return provider


class Tracing:
    """A watcher of `spans` that makes a span of each stretch of work; one within another is its child."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._tracer = provider.get_tracer("nurture")

    def begun(self, name: str, fields: Mapping[str, spans.Field]) -> spans.Ended:
        """Begin one, as a child of what this thread or task is at."""
        from opentelemetry.trace import StatusCode

        within = self._tracer.start_as_current_span(
            name,
            attributes={f"nurture.{key}": value for key, value in fields.items()},
            record_exception=False,
            set_status_on_exception=False,
        )
        span = within.__enter__()

        def ended(fault: BaseException | None) -> None:
            if fault is not None:  # its type alone: its words may name somebody
                span.set_status(StatusCode.ERROR, type(fault).__name__)
                span.set_attribute("error.type", type(fault).__name__)
            within.__exit__(None, None, None)

        return ended

    def counted(self, name: str, fields: Mapping[str, spans.Field], times: int) -> None:
        """Counts are for metrics."""

    def noted(self, name: str, fields: Mapping[str, object]) -> None:
        """Events are for the log."""
