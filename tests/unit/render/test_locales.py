"""Words that a locale itself has."""

from nurture.render.locales import day_names


def test_days_of_the_week_in_the_words_of_a_locale_begin_with_monday() -> None:
    assert day_names("fr")[0] == "lundi"
    assert day_names("en-GB")[6] == "Sunday"
