"""Encrypted ways out: certificates are checked, passwords go over nothing else, and a cut means what it means."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from nurture.deliver.protocol import hand_over
from nurture.deliver.sendgrid import SendGrid
from nurture.deliver.smtp import Smtp
from nurture.model.mail import Fate, Handover
from tests.sendgrid_server import KEY, sendgrid

from .certificates import authority
from .test_providers import MAIL
from .ways import NOW, mail_server

WORD = "a-word"


@pytest.fixture(scope="module")
def server_side(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(server_side: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(server_side[0]))
    return server_side[1]


def hand(provider: Any, count: int = 1) -> list[Handover]:
    async def whole() -> list[Handover]:
        try:
            return [one for _ in range(count) async for one in hand_over(provider, [MAIL])]
        finally:
            await provider.close()

    return asyncio.run(whole())


def smtp(port: int, security: str, user: str = "") -> Smtp:
    return Smtp("127.0.0.1", port, security, user, WORD if user else "", lambda: NOW, 2, 2.0)


def right(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"shop", WORD.encode()), handled=False)


def test_starttls_with_a_login(trusted: ssl.SSLContext) -> None:
    options = {"tls_context": trusted, "require_starttls": True, "auth_required": True, "authenticator": right}
    with mail_server(**options) as (port, inbox):
        handovers = hand(smtp(port, "starttls", "shop"), count=3)
    assert [one.fate for one in handovers] == [Fate.accepted] * 3
    assert inbox.secured == [True] * 3


def test_tls_from_the_first_byte(trusted: ssl.SSLContext) -> None:
    with mail_server(implicit_tls=trusted) as (port, inbox):
        (handover,) = hand(smtp(port, "tls"))
    assert handover.fate is Fate.accepted
    assert inbox.secured == [True]


def test_a_wrong_login_halts_and_says_where_to_look(trusted: ssl.SSLContext) -> None:
    options = {"tls_context": trusted, "require_starttls": True, "auth_required": True, "authenticator": right}
    with mail_server(**options) as (port, inbox):
        (handover,) = hand(smtp(port, "starttls", "somebody"))
    assert (handover.fate, handover.halts, inbox.mails) == (Fate.planned, True, [])
    assert "smtp.password_env" in handover.detail
    assert WORD not in handover.detail


def test_no_login_where_one_is_wanted_halts(trusted: ssl.SSLContext) -> None:
    options = {"tls_context": trusted, "require_starttls": True, "auth_required": True, "authenticator": right}
    with mail_server(**options) as (port, inbox):
        (handover,) = hand(smtp(port, "starttls"))
    assert (handover.fate, handover.halts, inbox.mails) == (Fate.planned, True, [])


def test_no_encryption_where_it_is_wanted_halts(trusted: ssl.SSLContext) -> None:
    with mail_server(tls_context=trusted, require_starttls=True) as (port, inbox):
        (handover,) = hand(smtp(port, "none"))
    assert (handover.fate, handover.halts, inbox.mails) == (Fate.planned, True, [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    server_side: tuple[Path, ssl.SSLContext], security: str
) -> None:
    tls = server_side[1]
    options: dict[str, Any] = {"tls_context": tls} if security == "starttls" else {"implicit_tls": tls}
    with mail_server(**options) as (port, inbox):
        (handover,) = hand(smtp(port, security))
    assert (handover.fate, inbox.mails) == (Fate.planned, [])
    assert "certificate" in handover.detail.lower()


@pytest.mark.parametrize("cut", ["cut heard", "cut unheard"])
def test_a_cut_after_the_dot_is_in_doubt_over_tls_too(trusted: ssl.SSLContext, cut: str) -> None:
    with mail_server(implicit_tls=trusted) as (port, inbox):
        inbox.fail(cut)
        (handover,) = hand(smtp(port, "tls"))
    assert handover.fate is Fate.in_doubt


def test_sendgrid_over_tls(trusted: ssl.SSLContext) -> None:
    with sendgrid(tls=trusted) as server:
        server.fail("", "lost_answer")
        handovers = hand(SendGrid(server.url, KEY, lambda: NOW, 2), count=3)
        assert [one.fate for one in handovers] == [Fate.accepted, Fate.in_doubt, Fate.accepted]
        assert len(server.accepted) == 3


def test_sendgrid_behind_a_certificate_that_nobody_vouches_for_gets_no_mail(
    server_side: tuple[Path, ssl.SSLContext],
) -> None:
    with sendgrid(tls=server_side[1]) as server:
        (handover,) = hand(SendGrid(server.url, KEY, lambda: NOW, 2))
        assert (handover.fate, server.requests) == (Fate.planned, 0)
    assert "certificate" in handover.detail.lower()
