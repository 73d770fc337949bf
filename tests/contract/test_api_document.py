"""Schemathesis against the API as it is served: whatever the OpenAPI document allows, and what it does not."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nurture.engine.api_document import document
from nurture.engine.api_keys import SCOPES, new_key
from nurture.engine.applying import LiveBook
from nurture.engine.check import check
from nurture.engine.posted import KINDS
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.web.app import application, serving
from nurture.wiring import workshop

NOW = datetime(2027, 3, 9, 10, 30, tzinfo=UTC)
EXAMPLES = {"sqlite": 12, "postgresql": 4}  # of each address, and of each of the two kinds of data
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]


@contextmanager
def served(root: Path, url: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A project served on loopback from a thread of its own: its address, a key for everything, its document."""
    make_project(root)
    (root / "config.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    book = check(read_files(root)).book
    assert book is not None
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[str] = []

    async def serve() -> None:
        with workshop(root) as shop:
            times = iter(range(1_000_000))  # every request a second after the last: no limit of a minute is reached
            lock = asyncio.Lock()

            async def run(function: Any, *arguments: object) -> Any:
                async with lock:
                    return function(*arguments)

            wide = replace(shop, config=replace(shop.config, web_url="http://127.0.0.1"))
            found.append(new_key(shop, "everything", SCOPES, "a test", NOW))
            app = application(
                wide, lambda: LiveBook(book, {}), lambda: NOW + timedelta(seconds=next(times)), run, lambda: None
            )
            async with serving(app, "127.0.0.1", 0) as (host, port):
                found.append(f"http://{host}:{port}")
                ready.set()
                await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(60)
        yield found[1], found[0], document(book, found[1])
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="module", params=EXAMPLES)
def api(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, dict[str, Any], int]]:
    root, url = tmp_path_factory.mktemp("api"), "sqlite:///nurture.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    with served(root, url) as found:
        yield *found, EXAMPLES[request.param]


@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_posted_the_answer_is_one_of_the_document(
    api: tuple[str, str, dict[str, Any], int], kind: str, mode: schemathesis.GenerationMode
) -> None:
    base, key, found, examples = api
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(found)))
    operation = schema[f"/api/v1/{kind}"]["POST"]
    statuses: set[int] = set()

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {key}"})
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)
        if answer.status_code == 200 and mode is schemathesis.GenerationMode.POSITIVE:
            assert (
                len(answer.json()["rows"]) == answer.json()["taken"] + answer.json()["known"] + answer.json()["refused"]
            )

    ask()
    assert statuses <= {200, 401, 413, 415, 422}
    assert 200 in statuses or mode is schemathesis.GenerationMode.NEGATIVE
