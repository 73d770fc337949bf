"""Findings in what a template calls: the event, field, theme or picture must be there, and the value must fit."""

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from nurture.model.catalogue import Field
from nurture.render.given import Fact, Offered
from nurture.render.source import nearest

Finding = tuple[str, str, str, str]  # code, message, the word it stands at, hint
CARRIED = ("text", "number", "bool")
EXAMPLES = {
    "answer": "answer('feedback.given', score=9)",
    "spare": "spare('mothers_day')",
    "image": "image('logo.png')",
}


def findings(call: nodes.Call, offered: Offered, values: Mapping[str, Fact]) -> Iterator[Finding]:
    """What is wrong with a call of `answer`, `spare` or `image`; `values` are the kinds of what it is given by name."""
    name = str(getattr(call.node, "name", ""))
    first = call.args[0] if len(call.args) == 1 else None
    if not isinstance(first, nodes.Const) or not isinstance(first.value, str) or call.dyn_args or call.dyn_kwargs:
        yield "E223", f"'{name}' needs one name in quotes", name, EXAMPLES[name]
        return
    if name != "answer" and call.kwargs:
        yield "E223", f"'{name}' takes nothing but a name", name, EXAMPLES[name]
    elif name == "image" and first.value not in offered.images:
        message = f"there is no picture 'templates/_images/{first.value}'"
        yield "E224", message, first.value, nearest(first.value, offered.images)
    elif name == "spare" and offered.themes is not None and first.value not in offered.themes:
        message = f"there is no theme '{first.value}' (topics.yaml)"
        yield "E208", message, first.value, nearest(first.value, offered.themes)
    elif name == "answer":
        yield from _answer(call, first.value, offered, values)


def _answer(call: nodes.Call, event: str, offered: Offered, values: Mapping[str, Fact]) -> Iterator[Finding]:
    if event not in offered.events:
        yield "E202", f"there is no event '{event}' in the catalogue", event, nearest(event, offered.events)
        return
    fields = offered.events[event]
    for word in call.kwargs:
        if word.key not in fields:
            message = f"the event '{event}' has no field '{word.key}'"
            yield "E221", message, word.key, nearest(word.key, fields)
        else:
            yield from _value(word, fields[word.key], values[word.key])


def _value(word: nodes.Keyword, field: Field, given: Fact) -> Iterator[Finding]:
    """Whether a value fits the field of the event, and a link at all."""
    if field.type not in CARRIED:
        yield "E223", f"'{word.key}' is a {field.type}, which a link cannot carry", word.key, "text, number or bool"
    elif given.kind not in ("", field.type):
        yield "E223", f"'{word.key}' is a {field.type}, and this is a {given.kind}", word.key, ""
    elif given.maybe_unknown:
        hint = "{% if … is known %} round it, or or_else behind it"
        yield "E222", f"what '{word.key}' is given is not known of everybody", word.key, hint
    elif field.one_of and isinstance(word.value, nodes.Const) and word.value.value not in field.one_of:
        said = str(word.value.value)
        hint = nearest(said, field.one_of) or f"one of {', '.join(field.one_of)}"
        yield "E221", f"'{said}' is none of the values of '{word.key}'", said, hint
