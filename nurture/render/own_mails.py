"""Nurture's own two mails about a change of address, in the words that the pages behind their links have too."""

from collections.abc import Mapping
from urllib.parse import quote

from nurture.links import Links
from nurture.model.decision import Intent
from nurture.model.new_address import NEW_ADDRESS, OWN_MAILS
from nurture.model.place import Problem
from nurture.render.compiled import Compiled, compiled
from nurture.render.footer import Footer
from nurture.render.layout import built_in
from nurture.render.locales import chain
from nurture.render.page_words import words_for
from nurture.render.versions import BUILT_IN, Origin, layout_of

PARTS = ("subject", "mail", "link", "end")
_TEXT = b"""---
subject: "{{ own_subject }}"
---
{{ own_mail }}

**[{{ own_link }}]({{ own_url }})**

{{ own_end }}
"""


def is_own(intent: Intent) -> bool:
    """Whether a mail is one of the two: no folder of templates/ holds it."""
    return not intent.sequence and intent.mail in OWN_MAILS


def own_version(templates: Mapping[str, bytes], wanted: str, house: tuple[str, ...]) -> tuple[str, Compiled | Problem]:
    """The locale of the words, and the mail in the project's frame."""
    locale, _ = words_for(templates, chain(wanted, house))
    frame = layout_of(templates) or (BUILT_IN, built_in())
    return locale, compiled(Origin("nurture.md", _TEXT, None, *frame, locale))


def own_names(
    templates: Mapping[str, bytes], intent: Intent, links: Links | None, footer: Footer, locale: str
) -> dict[str, object]:
    """What such a mail is told: its words, and where its link leads; without a web address, to a letter."""
    _, words = words_for(templates, (locale,))
    new = intent.mail == NEW_ADDRESS
    said = {f"own_{part}": words[f"{'moving' if new else 'notice'}_{part}"] for part in PARTS}
    if links is None:
        url = f"mailto:{quote(footer.answers_to, safe='@')}?subject={quote(said['own_link'], safe='')}"
    else:
        where = links.new_address if new else links.disown
        url = where(intent.person, intent.subject, intent.key)
    return {**said, "own_url": url}
