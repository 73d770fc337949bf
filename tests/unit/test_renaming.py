"""A person under the names of today: what was said of a former name counts for the one it has now (language.md 8)."""

from dataclasses import replace

from nurture.model.renaming import person_today
from tests import worlds as w


def test_who_is_spared_a_theme_is_spared_it_under_its_new_name() -> None:
    spared = replace(w.newborn(), spared=frozenset({"mothering", "new_year"}))
    assert person_today(spared, {"theme": {"mothering": "mothers_day"}}).spared == {"mothers_day", "new_year"}
    assert person_today(spared, {"theme": {"other": "mothers_day"}}) is spared


def test_who_has_a_tag_has_it_under_its_new_name() -> None:
    tagged = replace(w.newborn(), tags=frozenset({"no_questions"}))
    assert person_today(tagged, {"tag": {"no_questions": "do_not_ask"}}).tags == {"do_not_ask"}
