"""The headers of every answer: no script, no frame, no trace of the address elsewhere, nothing kept."""

_HSTS = "max-age=31536000"


def headers(secure: bool) -> dict[str, str]:
    """By name; `secure` says that readers come by https, and shall not come otherwise for a year."""
    found = {
        "Content-Security-Policy": policy("'none'"),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    return found | ({"Strict-Transport-Security": _HSTS} if secure else {})


def policy(style: str) -> str:
    """What a page may do: show itself in its own style, and post its forms here."""
    return f"default-src 'none'; style-src {style}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
