"""The headers of every answer: no script, no frame, no trace of the address elsewhere, nothing kept."""

from nurture.render.pages import style_source

_HSTS = "max-age=31536000"


def headers(secure: bool) -> dict[str, str]:
    """By name; `secure` says that readers come by https, and shall not come otherwise for a year."""
    policy = (
        f"default-src 'none'; style-src {style_source()}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    found = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    return found | ({"Strict-Transport-Security": _HSTS} if secure else {})
