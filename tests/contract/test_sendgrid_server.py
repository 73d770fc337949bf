"""The server in SendGrid's shape is no easy judge: it refuses what SendGrid would, and logs before it answers."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sendgrid_server import KEY, SendGridServer, sendgrid

ROOT = Path(__file__).parents[2]
GOOD = {
    "personalizations": [{"to": [{"email": "salma@shop.example", "name": "Salma"}], "custom_args": {"nv_send": "k1"}}],
    "from": {"email": "hello@kestrel.example"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Dear"}, {"type": "text/html", "value": "<p>Dear</p>"}],
    "headers": {"Message-ID": "<k1@kestrel.example>"},
}


@pytest.fixture(scope="module")
def server() -> Iterator[SendGridServer]:
    with sendgrid() as found:
        yield found


def post(url: str, body: Any, key: str = KEY, path: str = "/v3/mail/send") -> tuple[int, bytes]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, headers, method="POST")  # noqa: S310  (loopback)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def person(**change: Any) -> dict[str, Any]:
    return {"personalizations": [{**GOOD["personalizations"][0], **change}]}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_mail_is_accepted(server: SendGridServer) -> None:
    before = len(server.accepted)
    assert post(server.url, GOOD) == (202, b"")
    line = server.accepted[before]
    assert (line["key"], line["to"], line["subject"]) == ("k1", "salma@shop.example", "Hello")
    assert (line["message_id"], line["body"]) == ("<k1@kestrel.example>", GOOD)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        without("from"),
        without("content"),
        without("personalizations"),
        without("subject"),
        {**GOOD, "subject": ""},
        {**GOOD, "unheard_of": 1},
        {**GOOD, "personalizations": []},
        {**GOOD, "personalizations": GOOD["personalizations"] * 1001},
        {**GOOD, "categories": list("abcdefghijk")},
        {**GOOD, "categories": ["a", "a"]},
        {**GOOD, "categories": ["a" * 256]},
        {**GOOD, "subject": "a\r\nBcc: b"},
        {**GOOD, "from": {"email": "hello@küche.example"}},
        {**GOOD, "headers": {"To": "a@b.example"}},
        {**GOOD, "headers": {"X-A": 1}},
        {**GOOD, "headers": {"X-A": "b\nc"}},
        {**GOOD, "content": GOOD["content"][::-1]},
        {**GOOD, "content": [{"type": "text/plain", "value": ""}]},
        {**GOOD, "send_at": 4_000_000_000},
        {**GOOD, "attachments": [{"content": "", "filename": "a"}]},
        {**GOOD, **person(to=[{"email": "nobody"}])},
        {**GOOD, **person(to=[])},
        {**GOOD, **person(to=[{"email": "a@b.example"}, {"email": "A@b.example"}])},
        {**GOOD, **person(to=[{"email": "a@b.example", "name": "Smith, John"}])},
        {**GOOD, **person(to=[{"email": "a@b.example", "name": "a\nb"}])},
        {**GOOD, **person(to=[{"email": f"a{number}@b.example"} for number in range(1001)])},
        {**GOOD, **person(custom_args={"nv_send": 1})},
        {**GOOD, **person(custom_args={"nv_send": "k" * 10_001})},
        {**GOOD, **person(unheard_of=1)},
    ],
)
def test_what_sendgrid_would_not_take_is_400_in_its_form(server: SendGridServer, body: Any) -> None:
    before = len(server.accepted)
    status, answer = post(server.url, body)
    assert status == 400
    assert set(json.loads(answer)["errors"][0]) == {"message", "field", "help"}
    assert len(server.accepted) == before


def test_a_wrong_key_a_wrong_path_and_too_much(server: SendGridServer) -> None:
    assert post(server.url, GOOD, key="SG.other")[0] == 401
    assert post(server.url, GOOD, path="/v3/mail")[0] == 404
    status, answer = post(server.url, b'{"a": "' + b"x" * 30_000_000 + b'"}')
    assert (status, answer[:6]) == (413, b"<html>")


def two(*values: str) -> dict[str, Any]:
    """A request of as many mails as there are values, each put in for a tag."""
    people = [
        {"to": [{"email": f"r{n}@shop.example"}], "custom_args": {"nv_send": f"k{n}"}, "substitutions": {"-a-": value}}
        for n, value in enumerate(values)
    ]
    content = [{"type": "text/plain", "value": "Dear -a-"}, {"type": "text/html", "value": "<p>Dear -a-</p>"}]
    return {**GOOD, "personalizations": people, "content": content, "subject": "Hello -a-"}


def test_each_personalization_is_a_mail_of_its_own_as_its_reader_gets_it(server: SendGridServer) -> None:
    before = len(server.accepted)
    assert post(server.url, two("Salma", "Omar"))[0] == 202
    first, second = server.accepted[before:]
    assert first["id"] == second["id"]
    assert [(one["key"], one["to"], one["subject"]) for one in (first, second)] == [
        ("k0", "r0@shop.example", "Hello Salma"), ("k1", "r1@shop.example", "Hello Omar"),
    ]  # fmt: skip
    assert [part["value"] for part in second["body"]["content"]] == ["Dear Omar", "<p>Dear Omar</p>"]


def test_it_puts_in_what_a_value_names_once_more_as_sendgrid_does(server: SendGridServer) -> None:
    body = two("-b-")
    body["personalizations"][0]["substitutions"]["-b-"] = "whoever"
    assert post(server.url, body)[0] == 202
    assert server.accepted[-1]["subject"] == "Hello whoever"


def test_addresses_it_does_not_want_are_named_by_their_place_or_not_at_all() -> None:
    with sendgrid() as server:
        post(server.url, {"unwanted": ["r1@shop.example", "r2@shop.example"]}, path="/control")
        status, answer = post(server.url, two("a", "b", "c"))
        fields = [one["field"] for one in json.loads(answer)["errors"]]
        assert (status, fields) == (400, ["personalizations.1.to.0.email", "personalizations.2.to.0.email"])
        post(server.url, {"vague": True, "largest": 2_000}, path="/control")
        status, answer = post(server.url, two("a", "b"))
        assert (status, json.loads(answer)["errors"][0]["field"]) == (400, None)
        assert post(server.url, two("a" * 2_000))[0] == 413
        assert server.accepted == []


def test_the_program_logs_each_mail_before_it_answers_and_fails_on_demand(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    command = [sys.executable, "-m", "tests.sendgrid_server", "--port", "0", "--log", str(log), "--validate", "10"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = f"http://127.0.0.1:{int(program.stdout.readline())}"
            with ThreadPoolExecutor(8) as threads:
                keys = [f"k{number}" for number in range(40)]
                bodies = [{**GOOD, **person(custom_args={"nv_send": key})} for key in keys]
                assert {status for status, _ in threads.map(lambda body: post(url, body), bodies)} == {202}
            assert sorted(json.loads(line)["key"] for line in log.read_text().splitlines()) == sorted(keys)
            post(url, {"faults": ["500_after_accept", "503"], "always": "401"}, path="/control")
            assert [post(url, GOOD)[0] for _ in range(4)] == [500, 503, 401, 401]
            status, counts = post(url, {"always": ""}, path="/control")
            assert (status, json.loads(counts)["accepted"]) == (200, 41)
            assert len(log.read_text().splitlines()) == 41
            program.send_signal(signal.SIGTERM)
            assert program.wait(10) == 0
        finally:
            program.kill()
