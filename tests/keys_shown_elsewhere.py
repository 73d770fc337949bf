"""Keys of the language that no single life can show: the test that does, or in words why there is none."""

FOR_PEOPLE = "for people: the engine never asks it"
ONE_VALUE = "its only value; the keys beside it show that it runs"
A_NAME = "a name: what refers to it shows that it runs"

_PEOPLE = {
    "sequence": ("title", "about", "owner", "aims_at", "because"),
    "fact": ("sensitive",),
    "event field": ("sensitive",),
    "stage": ("title",),
    "moment": ("title",),
}
_TESTS = {
    "laws/test_pruning_laws.py::test_with_pruning_everything_is_decided_as_without_it": (
        ("keep", "reasons"),
        ("keep", "journal"),
        ("keep", "bodies"),
    ),
    "unit/store/test_pruning.py::test_of_news_what_hurt_an_address_stays_with_all_about_its_reader": (
        ("keep", "news"),
    ),
    "unit/store/test_pruning.py::test_the_words_of_a_letter_go_when_it_was_answered": (("keep", "letters"),),
    "unit/engine/test_taking.py::test_what_is_old_is_given_up_when_nothing_is_left_to_read": (("keep", "posts"),),
    "unit/decide/test_sunset.py::test_it_needs_as_many_mails_and_as_long_a_time_as_the_rule_says": (
        ("sunset", "after"),
        ("sunset", "mails"),
    ),
    "unit/decide/test_sunset.py::test_who_had_enough_mails_and_did_nothing_for_a_year_gets_no_news_and_no_offers": (
        ("sunset", "classes"),
    ),
    "unit/engine/test_letters_by_rule.py::test_who_answers_what_and_by_when_is_as_the_rules_say": (
        ("replies", "to"),
        ("replies", "due"),
        ("letters", "to"),
        ("letters", "due"),
        ("letters", "words"),
    ),
    "unit/engine/test_letters_by_rule.py::test_the_houses_own_words_stop_mail_when_a_letter_says_nothing_else": (
        ("replies", "stop_words"),
    ),
    "unit/engine/test_letters_by_rule.py::test_a_letter_is_the_event_that_the_rules_name_and_its_answer_the_other": (
        ("letters", "event"),
        ("letters", "answered"),
    ),
    "unit/decide/test_days_and_silences.py::test_a_placeholder_is_no_birthday": (("fact", "placeholders"),),
    "unit/decide/test_fresh.py::test_how_late_an_event_may_be_told": (("event trigger", "fresh"),),
    "unit/decide/test_limits.py::test_one_a_day_the_better_class_goes_first_and_the_other_moves": (
        ("rules", "classes"),
    ),
    "unit/decide/test_ways.py::test_what_came_after_the_split_and_within_its_time_counts": (
        ("measure", "event"),
        ("measure", "within"),
    ),
    "unit/engine/test_cells.py::test_a_closed_list_knows_its_words": (("fact", "one_of"), ("event field", "one_of")),
    "unit/engine/test_cells.py::test_of_a_line_is_taken_in_what_the_catalogue_declares": (
        ("order line", "quantity"),
        ("order line", "price"),
    ),
    "unit/engine/test_preview.py::test_the_made_up_reader_is_known_by_the_examples_of_the_catalogue": (
        ("fact", "example"),
        ("event field", "example"),
    ),
    "unit/engine/test_records.py::test_a_thing_is_kept_with_its_fields": (("thing", "key"),),
    "unit/render/test_pages.py::test_a_title_is_shown_in_the_pages_language_else_in_the_houses_first": (
        ("topic", "title"),
        ("theme", "title"),
    ),
    "unit/web/test_confirming.py::test_one_mail_asks_and_a_click_on_its_page_is_the_consent": (("topic", "confirm"),),
    "unit/render/test_render_check.py::test_finding_at_its_place": (("fact", "year"),),
    "unit/render/test_render_mail.py::test_another_sender_speaks_for_a_topic_too": (("speaks for", "topics"),),
    "unit/render/test_render_mail.py::test_without_a_web_address_the_reader_leaves_by_letter": (
        ("sender", "reply_to"),
        ("special sender", "reply_to"),
    ),
    "unit/decide/test_house_keeping.py::test_a_theme_is_spared_until_the_reader_wants_it_again": (
        ("sequence", "theme"),
    ),
    "unit/decide/test_house_keeping.py::test_seeds_are_never_held_out": (("rules", "seeds"),),
    "unit/decide/test_limits.py::test_a_fixed_day_keeps_its_place_against_a_movable_mail": (("send step", "fixed"),),
    "unit/decide/test_limits.py::test_at_once_answers_what_the_reader_just_did_at_night": (("send step", "at_once"),),
    "unit/decide/test_ladders.py::test_taking_a_rung_is_seen_in_the_lines_of_an_order": (("order line", "product"),),
    "unit/decide/test_steps_for_others.py::test_an_answer_lets_the_flow_go_on_and_may_be_kept": (
        ("webhook step", "save_as"),
    ),
    "unit/engine/test_doctor.py::test_a_source_that_fell_silent_is_wrong_and_one_that_never_came_is_worth_a_look": (
        ("catalogue", "expects"),
    ),
    "unit/engine/test_doctor.py::test_orders_in_other_currencies_are_told_apart": (("rules", "currency"),),
    "unit/engine/test_listing.py::test_pillars_are_shown_beside_stages": (("sequence", "pillar"),),
    "unit/engine/test_listing.py::test_the_map_shows_who_is_given_what_and_what_nobody_gives": (
        ("sequence", "serves"),
    ),
    "unit/engine/test_plan_names.py::test_a_renamed_sequence_keeps_its_people_history_and_keys": (
        ("sequence", "sequence"),
    ),
    "unit/engine/test_sending.py::test_the_brake_holds_what_is_above_it_and_new_mails_go_when_the_hour_is_over": (
        ("brake", "most_per_hour"),
    ),
    "unit/engine/test_tasks.py::test_what_is_mine_is_what_goes_to_my_address_or_what_i_took": (("rules", "people"),),
    "unit/engine/test_webhooks.py::test_while_a_variable_is_not_set_it_waits_and_no_try_is_counted": (
        ("endpoint", "url_env"),
    ),
    "unit/engine/test_webhooks.py::test_the_key_that_the_rules_name_goes_with_the_call": (("endpoint", "key_env"),),
    "unit/engine/test_webhooks.py::test_an_address_that_is_not_private_is_not_called_in_the_clear": (
        ("endpoint", "private"),
    ),
    # Nurture looks for a country, a locale and a zone by the facts' names; `format` says so, and is held to it (E114).
    "unit/language/test_check_specimens.py::test_findings_are_as_written_down": (("fact", "format"),),
    "unit/render/test_render_mail.py::test_locale_chain": (("rules", "locales"),),
    "unit/render/test_render_mail.py::test_service_cannot_be_left_and_speaks_with_its_own_sender": (
        ("special sender", "name"),
        ("special sender", "address"),
        ("special sender", "for"),
        ("speaks for", "classes"),
    ),
    "unit/render/test_render_mail.py::test_headers_let_the_reader_leave": (
        ("sender", "name"),
        ("sender", "address"),
    ),
    "unit/render/test_render_mail.py::test_the_postal_address_of_the_rules_stands_under_a_mail": (
        ("rules", "postal_address"),
    ),
    "unit/test_renaming.py::test_who_is_spared_a_theme_is_spared_it_under_its_new_name": (("theme", "was"),),
    "unit/test_renaming.py::test_who_has_a_tag_has_it_under_its_new_name": (
        ("renamed tag", "tag"),
        ("renamed tag", "was"),
    ),
    "unit/store/test_at_most.py::test_those_above_are_held_and_let_go": (("sequence", "at_most"),),
    "unit/store/test_codes.py::test_a_pool_is_filled_once_and_drawn_in_its_order": (("codes", "pool"),),
    "unit/store/test_codes.py::test_the_budget_of_all_counts_what_was_drawn_since_then": (("budget", "all"),),
}

_WORDS = {
    ONE_VALUE: (
        ("rules", "language"),
        ("day trigger", "per"),
        ("every trigger", "every"),
        ("manual trigger", "manual"),
    ),
    A_NAME: (("moment", "id"), ("way", "way"), ("ladder step", "ladder"), ("topics", "tags"), ("topics", "themes")),
}
_TESTS |= {
    "unit/engine/test_plan_names.py::"
    "test_a_topic_is_not_dropped_while_somebody_refused_it_and_its_refusals_follow_a_rename": (("topic", "was"),)
}

ELSEWHERE: dict[tuple[str, str], str] = {
    **{(table, key): FOR_PEOPLE for table, keys in _PEOPLE.items() for key in keys},
    **{key: f"tests/{test}" for test, keys in _TESTS.items() for key in keys},
    **{key: words for words, keys in _WORDS.items() for key in keys},
}
