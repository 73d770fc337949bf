"""What a page is told before anything is compiled: its locale, and the sides that follow from it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from jinja2 import TemplateError, meta

from nurture.render.environment import TEXT
from nurture.render.locales import direction
from nurture.render.told import SETTLED

_NAME = re.compile(r"\{\{ *([a-z_]+) *\}\}")  # nearly every token; Jinja need not read it


@lru_cache(maxsize=256)
def facts(locale: str) -> Mapping[str, str]:
    """What is settled before anything is compiled."""
    way = direction(locale)
    sides = ("right", "left") if way == "rtl" else ("left", "right")
    return MappingProxyType({"locale": locale, "direction": way, "start": sides[0], "end": sides[1]})


@lru_cache(maxsize=4096)
def settled(token: str, locale: str) -> str | None:
    """What an expression comes to that asks for the locale and its direction only; None when it asks for more."""
    if not token.startswith("{{"):
        return None
    if plain := _NAME.fullmatch(token):
        return facts(locale).get(plain[1])
    try:
        asked = meta.find_undeclared_variables(TEXT.parse(token))
        if not asked or not asked <= set(SETTLED):
            return None
        return TEXT.from_string(token).render(facts(locale))
    except TemplateError:
        return None
