"""Hostile people, posts and names against a running daemon, and then a look at everything that a stranger could see."""

import base64
import hmac
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from nurture.wiring import now
from tests.daemons import ask, daemon, free_port, until
from tests.projects import Project

SECRETS = {"SHOPIFY_SECRET": "shpss-never-shown", "WOO_SECRET": "woo-never-shown", "STRIPE_SECRET": "whsec-never-shown"}
SCOPES = "contacts,events,things,numbers,consents"
NAMES = (
    "Robert'); DROP TABLE person;--",
    "Salma\r\nBcc: x@victim.example",
    "\x1b[2J",
    "\u2028fake.event at=1",
    "{{ 7 * 7 }}",
)
WORDS = re.compile(r"victim\.example|hostile|nvk_|never-shown|Robert|Salma|Bcc|fake\.event|\x1b|\u2028", re.IGNORECASE)


def post(url: str, body: object, headers: Mapping[str, str]) -> int:
    """The status of a POST of JSON."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"})  # noqa: S310  (loopback)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def signed(secret: str, body: object) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), json.dumps(body).encode(), "sha256")).decode()


def told(base: str, key: str) -> None:
    """Hostile people by the API, hostile orders by two shops, a forged one, and a guessed key."""
    at = (now() - timedelta(minutes=1)).isoformat(timespec="seconds")
    bearer = {"Authorization": f"Bearer {key}"}
    people = [
        {"id": f"hostile{n}", "email": f"h{n}@victim.example", "first_name": word, "locale": "en"}
        for n, word in enumerate(NAMES)
    ]
    events = [{"id": f"hostile{n}", "event": "complaint.opened", "at": at, "ticket": word, "outside_id": word}
              for n, word in enumerate(NAMES)]  # fmt: skip
    assert post(f"{base}/api/v1/contacts", people, bearer) == 200
    assert post(f"{base}/api/v1/events", events, bearer) == 200
    assert post(f"{base}/api/v1/events", [{NAMES[0]: NAMES[1]}], bearer) == 200
    assert post(f"{base}/api/v1/contacts", people, {"Authorization": "Bearer nvk_guessed"}) == 401
    for n, word in enumerate((*NAMES, "\ud800", "\0")):
        order = {
            "id": 9000 + n, "status": "processing", "currency": "EUR", "total": "12.00", "date_created_gmt": at[:19],
            "billing": {"email": f"w{n}@victim.example", "first_name": word}, "line_items": [{"name": word}],
        }  # fmt: skip
        said = {"X-WC-Webhook-Topic": "order.created"}
        genuine = said | {"X-WC-Webhook-Signature": signed(SECRETS["WOO_SECRET"], order)}
        assert post(f"{base}/in/woocommerce", order, genuine) == 200
        assert post(f"{base}/in/woocommerce", order, said | {"X-WC-Webhook-Signature": "forged"}) == 403
    broken = {"id": "hostile", "email": "h@victim.example"}
    odd = {
        "X-Shopify-Topic": "hostile h@victim.example",
        "X-Shopify-Hmac-Sha256": signed(SECRETS["SHOPIFY_SECRET"], broken),
    }
    assert post(f"{base}/in/shopify", broken, odd) == 200
    assert post(f"{base}/in/shopify", broken, odd | {"X-Shopify-Topic": "orders/create"}) == 200
    for path in ("/u/hostile", "/p/h@victim.example", "/api/v1/h@victim.example"):
        assert ask(base + path)[0] in (401, 404)


def test_nothing_of_hostile_people_stands_where_a_stranger_could_look(project: Project) -> None:
    project.ok("apply")
    port, beside = free_port(), free_port()
    (project.root / "config.toml").write_text(
        f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\nmetrics = "127.0.0.1:{beside}"\n'
        '[shops]\nshopify_secret_env = "SHOPIFY_SECRET"\nwoocommerce_secret_env = "WOO_SECRET"\n'
        'stripe_secret_env = "STRIPE_SECRET"\n[tick]\nevery = "1 second"\n',
        encoding="utf-8",
    )
    made = project.environment() | SECRETS
    (key,) = re.findall(r"nvk_\w+", project.ok("keys", "new", "till", "--scope", SCOPES).out)
    with daemon(project, **SECRETS) as running:
        running.until_said("web.listens")
        base = f"http://127.0.0.1:{port}"
        told(base, key)
        running.until_said("received.unreadable")
        until(lambda: len(project.mails) >= len(NAMES), lambda: running.log)
        process = Path(f"/proc/{running.process.pid}")
        looked = {
            "log": running.log,
            "metrics": ask(f"http://127.0.0.1:{beside}/metrics")[1],
            "readiness": ask(f"{base}/ready")[1],
            "a stranger's page": ask(f"{base}/u/x")[1],
            "command line": process.joinpath("cmdline").read_text(),
            "titles": process.joinpath("comm").read_text(),
        }
        assert running.stop() == 0
        looked["log"] = running.log
    assert "nurture_received_posts" in looked["metrics"]
    assert {name: WORDS.findall(text) for name, text in looked.items() if WORDS.search(text)} == {}
    assert "hook.refused source=woocommerce" in looked["log"]
    assert "hook.refused source=api" in looked["log"]
    assert [line for line in looked["log"].splitlines() if not re.match(r"\d{4}-\d\d-\d\dT[\d:]+Z ", line)] == []
    assert "Traceback" not in looked["log"]
    assert [one for one in project.root.glob("nurture.db*") if one.stat().st_mode & 0o077] == []
    assert all("never-shown" not in str(value) for value in made.values() if value not in SECRETS.values())
    mails = b"".join(mail.read_bytes() for mail in project.mails)
    assert b"\nBcc:" not in mails
    assert b"\x1b" not in mails


def test_no_name_of_a_file_leads_out_of_the_project(project: Project) -> None:
    """Everything at once: `check` finds each, and no page that it could make shows what lies outside."""
    (project.root.parent / "outside.md").write_text("TOPSECRET", encoding="utf-8")
    (project.root.parent / "outside.png").write_bytes(b"\x89PNG\r\n\x1a\nTOPSECRET")
    mail = project.root / "templates" / "ask_brew_method" / "en.md"
    hostile = (
        '{% include "../../../outside.md" %}', '{% extends "/etc/passwd" %}', "![x](../../../outside.png)",
        "![x](/etc/passwd.png)", "{{ ''.__class__.__mro__ }}", "{{ person.__class__ }}", "{{ range(10**9)|list }}",
        "{{ '{0.__class__}'.format(person) }}", "{% set x = 1 %}", "{{ cycler.__init__.__globals__ }}",
    )  # fmt: skip
    sequence = project.root / "sequences" / "birthday.yaml"
    names = ("../../outside", "/etc/passwd", "..")
    lines = sequence.read_text(encoding="utf-8")
    sequence.write_text(
        lines.replace("  - send: happy_birthday\n", "".join(f"  - send: {name}\n" for name in names), 1),
        encoding="utf-8",
    )
    mail.write_text('---\nsubject: "x"\n---\n' + "\n\n".join(hostile) + "\n", encoding="utf-8")
    said = project.run("check")
    assert said.code == 1
    for number in range(4, 4 + 2 * len(hostile), 2):
        assert re.search(rf"ask_brew_method/en\.md:{number}:\d+: error", said.out + said.err), (number, said.out)
    for name in names:
        assert f"there is no mail '{name}'" in said.out + said.err
    shown = project.run("preview", "../../outside")
    assert shown.code != 0
    assert "TOPSECRET" not in said.out + said.err + shown.out + shown.err
    assert "root:x:0" not in said.out + said.err
