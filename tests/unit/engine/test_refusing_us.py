"""What a server has against us, by its code; a mailbox that is gone is nothing of it."""

import pytest

from nurture.model.refusing_us import Against, against_us


@pytest.mark.parametrize(
    ("words", "against"),
    [
        ("550-5.7.26 This mail has been blocked because the sender is unauthenticated.", Against.authentication),
        ("550 5.7.515 Access denied, sending domain shop.example does not meet the level", Against.authentication),
        ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", Against.complaints),
        ("550 5.7.1 Message rejected as spam by Content Filtering.", Against.policy),
        ("550-5.7.1 see also 5.7.26", Against.authentication),
        ("550 5.1.1 The email account that you tried to reach does not exist", None),
        ("452 4.2.2 The mailbox is full", None),
        ("550 from 10.5.7.26 refused", None),
        ("", None),
    ],
)
def test_codes(words: str, against: Against | None) -> None:
    assert against_us(words) is against
