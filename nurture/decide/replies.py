"""What kind of letter somebody wrote: stop, complaint, question, praise, automatic or other (mission.md C25, RFC 3834).

A letter is a stop only when the writer's own words say nearly nothing else; what may mean one becomes a question,
so that a person reads it. What is automatic is told by its headers first, and by its words only where nobody asks
for anything in them.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from nurture.decide import reply_words
from nurture.model.letter import Judged, Kind, Letter

NO_WORDS: Mapping[Kind, tuple[str, ...]] = {}
READ = 4_000  # characters of a letter that are judged
LONGEST_STOP = 400  # characters of own words that can be nearly nothing but a stop-word
LONGEST_GREETING = 6  # words
BEGINNING = 40  # words of a letter in which a machine says that somebody is away
_LEAVING = re.compile(r"\s*unsubscribe(?:\s+([a-z][a-z0-9_]{0,100}))?\s*", re.IGNORECASE)
_ANSWER = re.compile(r"\A\s*((re|aw|sv|antw|rif|res|tr|fw|fwd|wg|ynt|ilt|رد|השב|תגובה|պատ)\s?(\[\d+\])?\s?:\s*)+", re.I)
_QUESTION_MARK = re.compile("[?؟՞]")
_INSIDE_WORDS = re.compile("['’ʼ`´‘׳՛-՞]")  # apostrophes, and the marks that Armenian sets above a vowel
_ENDS_GREETING = re.compile(r"[,!.:،]\s*$")
_WORD = re.compile(r"\w+")
_SAME = str.maketrans({"ı": "i", "ى": "ي", "ة": "ه", "ـ": None})


def judged(letter: Letter, topics: Collection[str], more: Mapping[Kind, tuple[str, ...]] = NO_WORDS) -> Judged:
    """What a letter is. `topics` are those that a mail of ours can be left by, `more` the shop's own words by kind."""
    if leaving := _LEAVING.fullmatch(letter.subject):
        return Judged(Kind.stop, "its subject is that of our own address to unsubscribe", _known(leaving[1], topics))
    if letter.automatic:
        return Judged(Kind.automatic, f"no person wrote it: {', '.join(letter.automatic)[:200]}")
    written = _LEAVING.fullmatch(letter.words)
    if written and (topic := _known(written[1], topics)):
        return Judged(Kind.stop, f"it says nothing but 'unsubscribe {topic}'", topic)
    if because := _stop(letter, more):
        all_ = bool(_EVERYTHING & {*said(letter.words[:LONGEST_STOP]), *said(_new_subject(letter))})
        return Judged(Kind.stop, because, everything=all_)
    if because := _away(letter):
        return Judged(Kind.automatic, because)
    return _written(letter, more)


def folded(text: str) -> str:
    """Text as it is compared: no case, accents, vowel signs or apostrophes, and one form of each letter.

    A Turkish reader's `İPTAL`, `IPTAL` and `iptal` are one; so are `désinscrire` and `DESINSCRIRE`.
    """
    plain = unicodedata.normalize("NFKD", _INSIDE_WORDS.sub("", text)).casefold()
    plain = "".join(one for one in plain if unicodedata.category(one) not in ("Mn", "Cf"))
    return plain.translate(_SAME)


def said(text: str) -> tuple[str, ...]:
    """The folded words of a text."""
    return tuple(_WORD.findall(folded(text)))


@lru_cache(maxsize=64)
def _sayings(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(said(one) for one in reply_words.sayings(text))


def _own(more: Mapping[Kind, tuple[str, ...]], kind: Kind) -> frozenset[tuple[str, ...]]:
    """The shop's own words for a kind."""
    return frozenset(words for one in more.get(kind, ()) if (words := said(one)))


def _known(named: str | None, topics: Iterable[str]) -> str:
    """The topic that a subject names; empty when it names none of ours, and then everything is meant."""
    return next((one for one in topics if named and one.casefold() == named.casefold()), "")


# Stop


def _stop(letter: Letter, more: Mapping[Kind, tuple[str, ...]]) -> str:
    """Why it is a stop; empty when it is none."""
    stops = _sayings(reply_words.STOP) | _own(more, Kind.stop)
    own, subject = letter.words.strip(), _ANSWER.sub("", letter.subject, count=1)
    bare = _bare(own, letter.from_name)
    if bare in stops and not (len(bare) == 1 and _QUESTION_MARK.search(own)):
        return f"it says nothing but '{' '.join(bare)}'"
    headline = _bare(subject, "")
    if headline not in stops or subject != letter.subject or _QUESTION_MARK.search(subject):
        return ""
    if not bare or headline == bare:
        return f"its subject says '{' '.join(headline)}', and it nothing else"
    clear = _sayings(reply_words.CLEAR)
    return f"its subject says '{' '.join(headline)}'" if any(_holds(headline, one) for one in clear) else ""


def _bare(text: str, name: str) -> tuple[str, ...]:
    """The words of a short text without greeting, courtesy and the writer's name below it; of a long one all."""
    if len(text) > LONGEST_STOP:
        return said(text[:READ])
    lines = [line for line in text.splitlines() if said(line)]
    names = frozenset(said(name))
    while len(lines) > 1 and (set(said(lines[-1])) <= names or not _without_courtesy(said(lines[-1]))):
        lines.pop()
    if len(lines) > 1 and _greets(lines[0]):
        lines.pop(0)
    return _without_courtesy(said(" ".join(lines)))


def _greets(line: str) -> bool:
    """Whether a first line is a greeting: `Hi Lena,`, `Sehr geehrte Frau Maier,`; one that denies something is none."""
    words = said(line)
    if not _ENDS_GREETING.search(line) or len(words) > LONGEST_GREETING or _DENIALS & set(words):
        return False
    return words[0] in _GREETINGS or _without_courtesy(words) != words


_GREETINGS = frozenset(
    said(
        "hi hello hey dear bonjour bonsoir cher chère chers hallo liebe lieber liebes sehr hola estimado estimada"
        " estimados ciao buongiorno buonasera salve gentile gentili olá caro cara prezado prezada beste geachte"
        " goedendag goedemorgen merhaba sayın sevgili مرحبا السلام عزيزي عزيزتي שלום היי բարև հարգելի"
    )
)
_EVERYTHING = frozenset(
    said("all everything any anything tout tous toutes alles alle todo todos todas tutto tutte tudo hepsi كل הכל ամեն")
)
_DENIALS = frozenset(
    said(
        "not do dont never no nicht nie kein keine ne pas jamais non mai nunca niet nooit geen não nem asla değil"
        " لا لم لن ليس אל לא אין մի չեմ երբեք"
    )
)


def _without_courtesy(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without what is said for politeness at the beginning and the end; never out of the middle."""
    polite = _sayings(reply_words.POLITE)
    while words:
        for length in (5, 4, 3, 2, 1):
            if words[:length] in polite:
                words = words[length:]
                break
            if words[-length:] in polite:
                words = words[:-length]
                break
        else:
            return words
    return words


# Away, and what a person wrote


def _away(letter: Letter) -> str:
    """Why its words say that a machine wrote it; the second sign, where no header gave the first."""
    subject = _ANSWER.sub("", letter.subject, count=1)
    words, head = said(subject), said(re.split(r"[:–—-]", subject, maxsplit=1)[0])
    begins = any(words[: len(one)] == one for one in _sayings(reply_words.AWAY_SUBJECT))
    if begins or head in _sayings(reply_words.AWAY_HEADS):
        return "its subject says that somebody is away"
    beginning = said(letter.words[:READ])[:BEGINNING]
    if not _QUESTION_MARK.search(letter.words) and _says(beginning, _sayings(reply_words.AWAY_WORDS)):
        return "it begins as the answers of who is away do"
    return ""


def _written(letter: Letter, more: Mapping[Kind, tuple[str, ...]]) -> Judged:
    """A person wrote it, and it is no plain stop."""
    own = letter.words[:READ]
    subject = _new_subject(letter)
    words = (*said(subject), "", *said(own))  # nothing is said across the two
    for kind in (Kind.complaint, Kind.question, Kind.praise):
        if found := _says(words, _own(more, kind)):
            return Judged(kind, f"it says '{found}', a word of rules.yaml")
    if found := _says(words, _sayings(reply_words.COMPLAINT)):
        return Judged(Kind.complaint, f"it says '{found}'")
    if found := _says(words, _doubtful() | _own(more, Kind.stop)):
        return Judged(Kind.question, f"it says '{found}' among other words: it may want no more mail")
    if _QUESTION_MARK.search(own) or _QUESTION_MARK.search(subject):
        return Judged(Kind.question, "it asks something")
    if found := _begins(own, _sayings(reply_words.QUESTION)):
        return Judged(Kind.question, f"it asks '{found}'")
    if found := _says(words, _sayings(reply_words.PRAISE)):
        return Judged(Kind.praise, f"it says '{found}'")
    return Judged(Kind.other, "no word of it is known to mean something")


def _new_subject(letter: Letter) -> str:
    """The subject, where the writer chose it: that of an answer is ours."""
    return "" if _ANSWER.match(letter.subject) else letter.subject


@lru_cache(maxsize=1)
def _doubtful() -> frozenset[tuple[str, ...]]:
    """Sayings that may mean a stop also among others: many a single word means something else there."""
    longer = frozenset(one for one in _sayings(reply_words.STOP) if len(one) > 1)
    return longer | _sayings(reply_words.CLEAR) | {("stop",), ("stopp",)}


def _says(words: tuple[str, ...], sayings: frozenset[tuple[str, ...]]) -> str:
    """The first saying that stands in these words; empty when none does."""
    longest = max((len(one) for one in sayings), default=0)
    for place in range(len(words)):
        for length in range(longest, 0, -1):
            if words[place : place + length] in sayings:
                return " ".join(words[place : place + length])
    return ""


def _holds(words: tuple[str, ...], saying: tuple[str, ...]) -> bool:
    return any(words[place : place + len(saying)] == saying for place in range(len(words)))


def _begins(text: str, sayings: frozenset[tuple[str, ...]]) -> str:
    """The saying with which a sentence of the text begins; empty when none does."""
    for sentence in re.split(r"[.!\n։。]+", text):
        words = _without_courtesy(said(sentence))
        found = next((one for one in sayings if words[: len(one)] == one), None)
        if found:
            return " ".join(found)
    return ""
