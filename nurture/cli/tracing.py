"""Traces while a process lives, when the environment asks for them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def traced() -> Iterator[None]:
    """Send traces as long as the context lasts, if OTEL_EXPORTER_OTLP_ENDPOINT says where; see `nurture.telemetry`."""
    import logging

    from nurture import __version__, observe
    from nurture.telemetry import begin

    def tell(because: str) -> None:
        observe.note(observe.TELEMETRY_OFF, level=logging.WARNING, because=because)

    end = begin(lambda name: os.environ.get(name, ""), __version__, tell)
    try:
        yield
    finally:
        end()
