"""What kind a letter is: stop only where it says nearly nothing else, automatic by its headers, the rest for people."""

import pytest

from nurture.decide import reply_words
from nurture.decide.replies import folded, judged, said
from nurture.model.letter import Kind, Letter

TOPICS = ("news", "coffee_tips")


def kind(words: str = "", subject: str = "Re: Welcome", name: str = "") -> str:
    return judged(Letter(words=words, subject=subject, from_name=name), TOPICS).kind.value


@pytest.mark.parametrize("saying", reply_words.sayings(reply_words.STOP))
def test_every_stop_word_stops_however_it_is_written(saying: str) -> None:
    assert kind(saying) == "stop"
    assert kind(saying.upper()) == "stop"
    assert kind(f"  {saying.capitalize()}!!\n") == "stop"


@pytest.mark.parametrize(
    "words",
    [
        "Please stop",
        "stop, please. Thanks!",
        "Hi Lena,\n\nplease unsubscribe me.\n\nThank you\nSalma Öz",
        "Could you please unsubscribe me?",
        "Bonjour,\nmerci de me désabonner".replace("merci de ", ""),
        "Désinscrivez-moi s’il vous plaît",
        "Guten Tag,\n\nbitte abmelden. Vielen Dank!",
        "Por favor, darme de baja. Gracias",
        "Cancellatemi dalla lista, grazie",
        "graag afmelden aub",
        "İPTAL",
        "IPTAL",
        "iptal lütfen",
        "LİSTEDEN ÇIKAR",
        "LISTEDEN ÇIKARIN",
        "إلغاءُ الاشتراك من فضلك",
        "الغاء الإشتراك",
        "הסירו אותי בבקשה",
        "Խնդրում եմ հանեք ինձ ցուցակից։",
        "S\u200bT\u200bO\u200bP".replace("\u200b", "\u00ad"),
        "ｓｔｏｐ",
    ],
)
def test_courtesy_greeting_and_name_beside_a_stop_word_change_nothing(words: str) -> None:
    assert kind(words, name="Salma Öz") == "stop"


@pytest.mark.parametrize(
    "words",
    [
        "do not stop",
        "Don't stop!",
        "don’t you ever stop",
        "please do not stop",
        "Good to hear, do not\nstop",
        "Hello, never,\nstop",
        "stop. not.",
        "stop?",
        "Why did you stop the Ethiopian?",
        "Stop by our office on Monday",
        "I cannot stop drinking it",
        "bitte nicht aufhören",
        "ne pas arrêter",
        "no parar",
        "non smettete",
        "niet afmelden",
        "durmayın",
        "لا توقف",
        "אל תפסיקו",
        "մի դադարեցրեք",
        "The end of the bag tasted burnt",
        "Unsubscribe me? Never!",
        "Cancel my subscription",
    ],
)
def test_what_is_no_plain_stop_is_none(words: str) -> None:
    assert kind(words) != "stop"


def test_what_may_be_a_stop_is_a_question_for_a_person() -> None:
    found = judged(Letter(words="I moved house. Please take me off your list, I wrote before."), TOPICS)
    assert found.kind is Kind.question
    assert "may want no more mail" in found.because


def test_the_name_below_counts_only_below() -> None:
    """Somebody called `Do Not Reply` does not stop anything by writing `do not stop`."""
    assert kind("do not\nstop", name="Do Not") != "stop"
    assert kind("Do not stop", name="Do Not") != "stop"


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("unsubscribe news", "news"),
        ("Unsubscribe NEWS", "news"),
        ("unsubscribe coffee_tips", "coffee_tips"),
        ("unsubscribe nonsense", ""),
        ("unsubscribe", ""),
    ],
)
def test_the_subject_of_our_own_address_to_leave_is_obeyed_whatever_the_body(subject: str, topic: str) -> None:
    letter = Letter(subject=subject, words="This is an unsubscribe request", automatic=("Auto-Submitted",))
    found = judged(letter, TOPICS)
    assert (found.kind, found.topic) == (Kind.stop, topic)


def test_a_topic_that_is_named_in_the_words_is_the_one_that_is_left() -> None:
    found = judged(Letter(words="unsubscribe news"), TOPICS)
    assert (found.kind, found.topic) == (Kind.stop, "news")


def test_who_says_all_means_all() -> None:
    assert judged(Letter(words="unsubscribe from all"), TOPICS).everything
    assert judged(Letter(words="arrêtez tout"), TOPICS).everything
    assert not judged(Letter(words="stop", subject="Re: All about coffee"), TOPICS).everything


def test_a_stop_word_as_subject() -> None:
    assert kind("", subject="STOP") == "stop"
    assert kind("Thanks", subject="Stop!") == "stop"
    assert kind("I wrote twice already.", subject="Abmelden") == "stop"
    assert kind("the presses, this is the best coffee", subject="stop") == "question"
    assert kind("", subject="Re: unsubscribe news") == "other"  # the subject of an answer is ours


SIGNS = ("Auto-Submitted", "Return-Path: <>", "Precedence", "X-Autoreply", "List-Id")


@pytest.mark.parametrize("sign", SIGNS)
def test_a_header_that_says_so_makes_it_automatic_whatever_it_says(sign: str) -> None:
    for words in ("stop", "Where is my order?", "The bag arrived broken", ""):
        assert judged(Letter(words=words, automatic=(sign,)), TOPICS).kind is Kind.automatic


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Welcome",
        "Out of Office Re: Welcome",
        "Abwesenheitsnotiz: Welcome",
        "Réponse automatique : Bienvenue",
        "Respuesta automática: Hola",
        "Otomatik yanıt: Merhaba",
        "رد تلقائي: مرحبا",
        "מענה אוטומטי: שלום",
        "Ավտոմատ պատասխան: Բարև",
        "Absence",
    ],
)
def test_subjects_of_those_who_are_away(subject: str) -> None:
    assert kind("Back on Monday.", subject=subject) == "automatic"


def test_words_of_those_who_are_away_are_a_second_sign() -> None:
    assert kind("Thank you for your mail. I am currently out of the office until Monday.") == "automatic"
    assert kind("I was out of the office, sorry. It is delicious") == "praise"
    assert kind("Away in May", subject="Away in May: can you keep my bag?") == "question"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("The bag arrived broken", "complaint"),
        ("Das Paket ist nie angekommen.", "complaint"),
        ("لم يصل الطلب", "complaint"),
        ("הקפה לא הגיע", "complaint"),
        ("How do I keep the beans", "question"),
        ("Hi! Where is my order", "question"),
        ("Ինչպե՞ս պահել", "question"),
        ("Hangi değirmen uygun?", "question"),
        ("كم يوما يستغرق التوصيل", "question"),
        ("Thank you, it is lovely", "praise"),
        ("Muchas gracias para todo", "praise"),
        ("Շնորհակալությո՛ւն", "praise"),
        ("My new address is 4 rue du Four.", "other"),
        ("", "other"),
    ],
)
def test_what_a_person_wrote(words: str, expected: str) -> None:
    assert kind(words) == expected


def test_the_shops_own_words_count_too() -> None:
    more = {Kind.stop: ("schluss damit",), Kind.complaint: ("sauer",), Kind.praise: ("knorke",)}
    found = [judged(Letter(words=one), (), more).kind.value for one in ("Schluss damit!", "ich bin sauer", "Knorke.")]
    assert found == ["stop", "complaint", "praise"]
    assert judged(Letter(words="Nun ist mit allem schluss damit ihr es wisst"), (), more).kind is Kind.question


def test_folding_makes_every_form_of_a_letter_one() -> None:
    assert folded("İPTAL") == folded("IPTAL") == folded("iptal") == folded("ıptal")
    assert folded("DÉSINSCRIRE") == folded("désinscrire") == folded("de\u0301sinscrire")
    assert folded("إِلْغَاء") == folded("الغاء")
    assert said("l'État, c’est moi!") == ("letat", "cest", "moi")


def test_no_saying_is_written_twice_under_kinds_that_exclude_each_other() -> None:
    complaints, praises = (
        {said(one) for one in reply_words.sayings(text)} for text in (reply_words.COMPLAINT, reply_words.PRAISE)
    )
    stops = {said(one) for one in reply_words.sayings(reply_words.STOP)}
    assert not complaints & praises
    assert not stops & (complaints | praises)
    polite = {said(one) for one in reply_words.sayings(reply_words.POLITE)}
    assert not stops & polite
