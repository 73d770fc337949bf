"""Bounces that come back as mails: what they say of which mail, and what is none, or says nothing that can be used."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.deliver.delivery_status import reported
from nurture.model.happening import Bounce, Happened

KEY = "4f2a9c1b8e02"


def report(
    status: str = "5.1.1",
    code: str = "smtp; 550 5.1.1 no such user",
    action: str = "failed",
    recipient: str = "rfc822; Salma@Example.org",
    returned: str = "text/rfc822-headers",
    message: str = f"<{KEY}@shop.example>",
) -> bytes:
    """A report as Postfix writes it."""
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: bounces@shop.example\r\nSubject: Undelivered Mail\r\n"
        "MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="b1"\r\n\r\n'
        "--b1\r\nContent-Type: text/plain\r\n\r\nI am sorry. <someone@else.example> 5.7.1\r\n\r\n"
        "--b1\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Tue, 2 Mar 2027 10:00:00 +0000\r\n\r\n"
        f"Final-Recipient: {recipient}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {code}\r\n\r\n"
        f"--b1\r\nContent-Type: {returned}\r\n\r\n"
        f"Subject: Hello\r\nMessage-ID: {message}\r\n\r\n--b1--\r\n"
    ).encode()


def test_a_mailbox_that_is_gone() -> None:
    (one,) = reported(report())
    assert (one.address, one.message) == ("salma@example.org", f"{KEY}@shop.example")
    assert (one.what, one.bounce) == (Happened.bounced, Bounce.hard)
    assert one.words == "5.1.1 smtp; 550 5.1.1 no such user"


def test_the_whole_mail_may_be_returned_as_well() -> None:
    (one,) = reported(report(returned="message/rfc822"))
    assert one.message == f"{KEY}@shop.example"


def test_a_full_mailbox_is_soft_a_refusal_of_us_is_a_block_and_a_delay_no_bounce() -> None:
    assert reported(report("5.2.2", "smtp; 552 5.2.2 full"))[0].bounce is Bounce.soft
    (ours,) = reported(report("5.7.1", "smtp; 550-5.7.26 not authenticated"))
    assert (ours.what, ours.bounce) == (Happened.blocked, Bounce.refused_us)
    (late,) = reported(report("4.4.1", "smtp; timed out", action="delayed"))
    assert (late.what, late.bounce) == (Happened.deferred, None)


def test_what_is_no_report_or_names_no_mail_of_ours_says_nothing() -> None:
    assert reported(b"") == ()
    assert reported(b"Subject: Hello\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n") == ()
    assert reported(report(message="none")) == ()
    assert reported(report(action="relayed")) == ()
    assert reported(report(recipient="rfc822; nobody")) == ()


@given(st.binary(max_size=300), st.integers(0, 1_200), st.integers(0, 60))
def test_whatever_is_written_in_it_nothing_is_raised(noise: bytes, place: int, cut: int) -> None:
    whole = report()
    for one in reported(whole[:place] + noise + whole[place + cut :]):
        assert len(one.words) <= 300
        assert one.address == one.address.casefold()
