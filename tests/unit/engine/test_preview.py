"""A preview is the mail as the daemon writes it: for one reader, by one step, and its links act on nobody."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError, StateError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.preview import (
    Desk,
    Preview,
    chosen_locale,
    desk_of,
    document,
    everywhere,
    lines,
    links_of,
    mails_wanted,
    preview,
    read_tree,
    refuse_unknown_sequence,
    refuse_without_store,
    sending_of,
    written_locales,
    written_to,
)
from nurture.engine.preview_person import known_reader
from nurture.engine.preview_reader import MADE_UP, made_up_reader
from nurture.engine.tick import tick
from nurture.links import UNSUBSCRIBE, Links, verify
from nurture.model.place import Problem
from nurture.store.rows import ContactRow

from .test_hand_over import MAIL, NOW, complain, made, opened, root, take  # noqa: F401  (fixtures)


def desk(live: LiveBook, links: Links | None = None, **more: str) -> Desk:
    return Desk(live.book, live.templates, links, NOW, **more)


def shown(live: LiveBook, mail: str, links: Links | None = None, locale: str = "", sequence: str = "") -> Preview:
    sending = sending_of(live.book, mail, sequence)
    reader = chosen_locale(live.book, made_up_reader(live.book, sending.sequence, NOW), locale)
    found = preview(desk(live, links), sending, reader)
    assert isinstance(found, Preview), found
    return found


def body(path: Path, kind: str) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("locale", ["en", "ar", "hy"])
def test_a_preview_for_a_person_is_the_mail_that_goes_to_them(root, locale):  # noqa: F811
    with opened(root) as (shop, live):
        complain(shop, "c0")
        take(shop, ContactRow(outside_id="c0", address="c0@shop.example", facts={"locale": locale, "first_name": "Ան"}))
        assert tick(shop.store, live.book, NOW).intents == 1
        hand_over_all(shop, live, NOW)
        files = read_tree(root).files
        reader = known_reader(shop, live.book, files, "c0@shop.example", NOW)
        found = preview(desk(live, shop.links), sending_of(live.book, MAIL), reader)
    assert isinstance(found, Preview)
    (path,) = (root / "outbox").glob("*.eml")
    assert found.email.html.replace("\r\n", "\n").strip() == body(path, "html").strip()
    assert found.email.text.strip() == body(path, "plain").strip()
    assert found.email.to_address == "c0@shop.example"
    assert found.given.values == {"ticket": "T c0"}
    assert found.given.made_up == ()


def test_who_was_never_inside_is_given_their_newest_event_or_one_made_up(root):  # noqa: F811
    with opened(root) as (shop, live):
        take(shop, ContactRow(outside_id="c1", facts={"first_name": "Ada"}))
        files = read_tree(root).files
        found = preview(desk(live), sending_of(live.book, MAIL), known_reader(shop, live.book, files, "c1", NOW))
        assert isinstance(found, Preview)
        assert (found.given.values, found.given.made_up) == ({"ticket": "ticket"}, ("ticket",))
        assert list(lines(found, None))[1] == "To        Ada (no address), c1"
        with pytest.raises(MisuseError, match="nobody is called"):
            known_reader(shop, live.book, files, "nobody", NOW)


def test_a_preview_keeps_nothing(root):  # noqa: F811
    with opened(root) as (shop, live):
        complain(shop, "c0")
        before = (shop.store.counts(), shop.store.reasons(shop.store.find("c0") or ""))
        known_reader(shop, live.book, read_tree(root).files, "c0", NOW + timedelta(days=1))
        assert (shop.store.counts(), shop.store.reasons(shop.store.find("c0") or "")) == before


def test_the_made_up_reader_is_known_by_the_examples_of_the_catalogue(root):  # noqa: F811
    with opened(root) as (_, live):
        reader = made_up_reader(live.book, live.book.sequences["vip_welcome"], NOW)
        assert reader.person.facts["first_name"] == "Salma"
        assert reader.person.facts["locale"] == "en"  # the house's first, not the example: it is the language of origin
        assert "brew_method" not in reader.person.facts  # it has no example
        assert reader.person.address == "salma@example.net"
        assert reader.person.stage is not None
        assert reader.person.stage.id == "vip"
        year = shown(live, "year_in_coffee")
        assert year.given.values["visits"] == 3
        assert year.given.made_up == ()


def test_links_in_a_preview_act_on_nobody(root):  # noqa: F811
    with opened(root) as (_, live):
        config = replace(Config("sqlite:///x", root, root), web_url="https://mail.shop.example")
        links = links_of(config, live.book)
        assert links is not None
        found = shown(live, "happy_birthday", links)
        (token,) = {re.escape(one) for one in re.findall(r"/u/([^\">]+)", found.email.html)}
        token = token.replace("\\", "")
        assert found.seen.leaving == "yes, one click"
        assert found.seen.links_words == "2: 2 ours, signature checked"
        said = verify(token, links.secret, UNSUBSCRIBE, links.project)
        assert said is not None
        assert said.person == MADE_UP
        assert verify(token, b"the secret of a store", UNSUBSCRIBE, links.project) is None
        assert links_of(replace(config, web_url=""), live.book) is None


def test_a_mail_of_several_sequences_is_that_of_the_first_by_name_or_of_the_one_that_is_wanted(root):  # noqa: F811
    path = root / "sequences" / "birthday.yaml"
    path.write_text(path.read_text().replace("send: happy_birthday", "send: storing_beans"))
    (root / "templates" / "lonely").mkdir()
    (root / "templates" / "lonely" / "en.md").write_text("---\nsubject: Nobody sends me\n---\nHello.\n")
    tree = read_tree(root)
    first = sending_of(tree.book, "storing_beans")
    assert (first.sequence.name, first.others) == ("birthday", ("second_bag",))
    wanted = sending_of(tree.book, "storing_beans", "second_bag")
    assert (wanted.sequence.name, wanted.send.class_) == ("second_bag", "news")
    with pytest.raises(
        MisuseError, match=r"welcome does not send 'storing_beans'; it is sent by birthday, second_bag\."
    ):
        sending_of(tree.book, "storing_beans", "welcome")
    nobody = sending_of(tree.book, "lonely")
    assert nobody.sequence is None
    reader = made_up_reader(tree.book, None, NOW)
    found = preview(Desk(tree.book, tree.files, None, NOW), nobody, reader)
    assert isinstance(found, Preview)
    assert any(line.startswith("Sent by   no sequence yet") for line in lines(found, None))
    assert found.seen.leaving.startswith("yes")


def test_the_mail_that_asks_to_confirm_is_shown_as_the_service_it_is(root):  # noqa: F811
    tree = read_tree(root)
    asking = sending_of(tree.book, "please_confirm")
    found = preview(Desk(tree.book, tree.files, None, NOW), asking, made_up_reader(tree.book, None, NOW))
    assert isinstance(found, Preview)
    said = "Sent by   topics.yaml: who is asked for coffee_tips is asked to confirm it, class service"
    assert said in list(lines(found, None))
    assert (found.topic, found.seen.leaving) == ("coffee_tips", "none, it is service")
    assert "unsubscribe" not in found.email.text.casefold()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("happy_birthdy", "there is no mail 'happy_birthdy'; did you mean 'happy_birthday'?"),
        ("first_order", "'first_order' is a sequence; `nurture preview first_order --timeline` shows its days."),
        ("qqq", "there is no mail 'qqq'; mails are: ask_brew_method, "),
    ],
)
def test_a_mail_that_is_not_there_is_told_from_what_is_meant(root, name, said):  # noqa: F811
    with opened(root) as (_, live), pytest.raises(MisuseError, match=re.escape(said)):
        sending_of(live.book, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first_ordr", "there is no sequence 'first_ordr'; did you mean 'first_order'?"),
        ("happy_birthday", "'happy_birthday' is a mail; `nurture preview happy_birthday` shows it."),
    ],
)
def test_a_sequence_that_is_not_there_is_told_from_what_is_meant(root, name, said):  # noqa: F811
    with opened(root) as (_, live), pytest.raises(MisuseError, match=re.escape(said)):
        refuse_unknown_sequence(live.book, name)


def test_a_locale_that_is_not_written_is_said_and_one_that_is_none_is_refused(root):  # noqa: F811
    with opened(root) as (_, live):
        found = shown(live, "happy_birthday", locale="fr")
        assert "Locale    en: it is not written in fr" in list(lines(found, None))
        assert found.name == "happy_birthday.en.html"
        with pytest.raises(MisuseError, match=r"'\?\?' is not a locale"):
            shown(live, "happy_birthday", locale="??")


def test_what_is_said_of_a_mail_from_right_to_left(root):  # noqa: F811
    with opened(root) as (_, live):
        found = shown(live, "happy_birthday", locale="ar")
        said = list(lines(found, Path("there.html")))
    assert said[1] == "To        Salma <salma@example.net>, a made-up reader"
    assert said[2].endswith(" of 70 characters)")
    assert said[4].startswith("Direction right to left, from locale ar; ")
    assert said[4].endswith("names or codes are isolated")
    assert "Sent by   birthday, class celebration" in said
    assert said[-1] == "Written to there.html"
    assert document(found, None)["email"].direction == "rtl"


def test_a_mail_is_written_in_the_house_s_order_of_languages_and_each_is_shown(root):  # noqa: F811
    with opened(root) as (_, live):
        assert written_locales(live.book, "happy_birthday") == ("en", "tr", "ar", "he", "hy")
        reader = made_up_reader(live.book, None, NOW)
        found = list(everywhere(desk(live), ("happy_birthday", "one_recipe"), reader))
    assert [(mail, locale) for mail, locale, _ in found][:6] == [
        *(("happy_birthday", locale) for locale in ("en", "tr", "ar", "he", "hy")),
        ("one_recipe", "en"),
    ]
    assert all(isinstance(one, Preview) for _, _, one in found)
    assert len({one.email.html for _, _, one in found if isinstance(one, Preview)}) == 10


def test_the_mails_of_a_page_are_one_or_a_sequence_s_in_its_order_or_all(root):  # noqa: F811
    with opened(root) as (_, live):
        assert mails_wanted(live.book, "one_recipe", "") == ("one_recipe",)
        assert mails_wanted(live.book, "", "second_bag") == ("storing_beans", "next_bag_offer")
        assert mails_wanted(live.book, "", "") == tuple(sorted(live.book.mails))
        with pytest.raises(MisuseError, match="no sequence"):
            mails_wanted(live.book, "", "nothing")


def test_a_fact_that_is_not_known_is_a_finding_at_its_line(root):  # noqa: F811
    path = root / "templates" / "one_recipe" / "en.md"
    path.write_text("---\nsubject: A recipe\n---\nHello {{ person.first_name }}, hello.\n", encoding="utf-8")
    tree = read_tree(root)
    assert [problem.code for problem in tree.findings("one_recipe") if problem.code == "E222"] == ["E222"]
    assert tree.findings("storing_beans") == ()
    with pytest.raises(RefusedError, match="see `nurture check`"):
        _ = tree.book
    book = tree.checked.partial
    reader = made_up_reader(book, None, NOW)
    nameless = replace(reader, person=replace(reader.person, facts={"locale": "en"}))
    fault = preview(Desk(book, tree.files, None, NOW), sending_of(book, "one_recipe"), nameless)
    assert isinstance(fault, Problem)
    assert (fault.code, fault.place.file, fault.place.line) == ("E222", "templates/one_recipe/en.md", 4)


def test_without_a_store_nobody_is_looked_for(tmp_path):
    with pytest.raises(StateError, match="there is no store yet"):
        refuse_without_store(Config(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path, tmp_path))
    refuse_without_store(Config("postgresql://127.0.0.1:1/shop", tmp_path, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_variant_that_is_not_there_is_refused(root):  # noqa: F811
    tree = read_tree(root)
    with pytest.raises(MisuseError, match="there is no variant 'x'; 'one_recipe' has none"):
        desk_of(tree, Config("sqlite:///x", root, root), NOW, "one_recipe", "x")


def test_the_page_of_one_mail_lies_in_the_folder_of_previews(root):  # noqa: F811
    with opened(root) as (_, live):
        found = shown(live, "happy_birthday", locale="he")
    file = written_to(root, found)
    assert file == root / ".nurture" / "preview" / "happy_birthday.he.html"
    page = file.read_text(encoding="utf-8")
    assert "cid:" not in page
    assert re.sub(r"data:image/\w+;base64,[\w+/=]+", "P", page) == re.sub(r"cid:[\w@]+", "P", found.email.html)


def test_values_are_made_up_by_type_and_said_to_be(root):  # noqa: F811
    path = root / "sequences" / "second_bag.yaml"
    text = path.read_text()
    assert text.count("{send: storing_beans, ") == 1
    given = "with: {order: start.order_id, again: person.vip_since, cups: person.orders.count}"
    path.write_text(text.replace("{send: storing_beans, ", f"{{send: storing_beans, {given}, "))
    tree = read_tree(root)
    sending = sending_of(tree.book, "storing_beans")
    found = preview(Desk(tree.book, tree.files, None, NOW), sending, made_up_reader(tree.book, sending.sequence, NOW))
    assert isinstance(found, Preview)
    assert found.given.values == {"order": "order id", "again": NOW.date(), "cups": 3}
    assert found.given.made_up == ("order", "again")
    assert "With      order: order id   made up from its type" in list(lines(found, None))
