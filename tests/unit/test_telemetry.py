"""Traces: sent by OTLP over HTTP to a collector on loopback, with nobody in them, and delaying nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from nurture import spans, telemetry

ADDRESS = "salma@shop.example"


class Collector:
    """What was posted to it; `waits` keeps it from answering until it is set."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        self.waits = threading.Event()
        self.waits.set()
        self.asked = threading.Event()

    def spans(self) -> dict[str, dict[str, object]]:
        """By name: attributes, its own id, its parent's and its status."""
        found = {}
        for request in self.requests:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for one in scope.spans:
                        said = {each.key: each.value.string_value for each in one.attributes}
                        found[one.name] = {**said, "id": one.span_id, "parent": one.parent_span_id,
                                           "status": one.status.message}  # fmt: skip
        return found


@contextmanager
def collector() -> Iterator[tuple[Collector, str]]:
    told = Collector()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.set()
            told.waits.wait(20)
            told.paths.append(self.path)
            told.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        told.waits.set()
        server.shutdown()
        server.server_close()
        thread.join()


def begun(url: str, monkeypatch: pytest.MonkeyPatch, said: list[str] | None = None) -> Callable[[], None]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url}
    return telemetry.begin(lambda name: environment.get(name, ""), "1.2", (said if said is not None else []).append)


def work() -> None:
    with spans.span(spans.TURN), spans.span(spans.PAGE):
        pass
    with pytest.raises(OSError, match=ADDRESS), spans.span(spans.POST, provider="smtp"):
        raise OSError(f"{ADDRESS} is nobody")


def test_what_is_done_is_sent_as_spans_within_spans_and_nobody_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as (told, url):
        end = begun(url, monkeypatch)
        work()
        end()
        found = told.spans()
        assert set(told.paths) == {"/v1/traces"}
        assert found.keys() == {"turn", "page", "batch.post"}
        assert found["page"]["parent"] == found["turn"]["id"]
        assert found["batch.post"]["nurture.provider"] == "smtp"
        assert (found["batch.post"]["status"], found["batch.post"]["error.type"]) == ("OSError", "OSError")
        assert ADDRESS not in "".join(map(str, told.requests))
        (resource,) = {str(one.resource) for request in told.requests for one in request.resource_spans}
        assert "nurture" in resource
        assert "1.2" in resource
    assert not spans.watched()


def test_a_collector_that_hangs_or_is_gone_delays_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(telemetry, "SECONDS", 1.0)
    with collector() as (told, url):
        told.waits.clear()
        end = begun(url, monkeypatch)
        used = time.process_time()
        for _ in range(telemetry.KEPT + 1_000):
            with spans.span(spans.TURN):
                pass
        assert told.asked.wait(10)
        work()
        assert time.process_time() - used < 5
        end()
    end = begun("http://127.0.0.1:9", monkeypatch)
    work()
    end()
    assert ADDRESS not in caplog.text
    assert len([one for one in caplog.records if one.name in telemetry.LOUD]) <= 1, "once in ten minutes"


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "TRUE"}],
)
def test_without_an_endpoint_nothing_watches(environment: dict[str, str]) -> None:
    telemetry.begin(lambda name: environment.get(name, ""), "1", pytest.fail)()
    assert not spans.watched()


def test_without_the_extra_it_is_said_and_nothing_else_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "EXTRA", "no_such_package.sdk")
    said: list[str] = []
    begun("http://127.0.0.1:9", monkeypatch, said)()
    assert said == [telemetry.MISSING]
    assert not spans.watched()


def test_nothing_of_it_is_imported_unless_the_environment_asks() -> None:
    code = (
        "import sys\nfrom nurture.cli.tracing import traced\n"
        "with traced():\n    import nurture.daemon, nurture.web.app\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))})


def test_names_that_are_not_declared_are_a_defect() -> None:
    with pytest.raises(ValueError, match="no stretch of work"), spans.span("a whim"):
        pass
    with pytest.raises(ValueError, match="nothing is counted"):
        spans.count("a whim")
