"""Metrics by the field's practice: the text format to the letter, a dashboard and alerts that ask for what is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from nurture import observe, spans
from nurture.deliver.watched import made_of_it
from nurture.engine.counting import Counting
from nurture.engine.health import metrics
from nurture.engine.metrics import FAMILIES, Family, Page
from nurture.model.alarm import KINDS
from nurture.model.happening import Happened, Happening
from nurture.model.mail import Fate, Handover
from nurture.store.alarms import Alarms, Open
from nurture.store.runner import Runner

from .site import NOW, Shop

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "docs" / "operating" / "grafana.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((ROOT / "docs" / "operating" / "alerts.yaml").read_text(encoding="utf-8"))
NAME, LABEL, VALUE = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*", r"(?:[^\"\\\n]|\\[\\\"n])*"
SAMPLE = re.compile(rf'({NAME})(?:\{{({LABEL}="{VALUE}"(?:,{LABEL}="{VALUE}")*)\}})? (-?[0-9]+(?:\.[0-9]+)?)')
PART = re.compile(rf'({LABEL})="({VALUE})"')


def parsed(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """A page by the grammar of the format, as strictly as promtool: else AssertionError.

    HELP and TYPE once and before the samples of their family, which stand together; no sample twice; a histogram with
    all its buckets, which never fall, and as many in the last as it counts.
    """
    assert text.endswith("\n")
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    kinds: dict[str, str] = {}
    last = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in kinds, f"{name} twice"
            assert len(line.split(" ", 3)) == 4, "no words"
            last = name
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert (name, kind in ("counter", "gauge", "histogram")) == (last, True)
            kinds[name] = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            name = sample[1]
            family = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
            assert family == last, f"{name} does not stand with its family"
            assert (family == name) == (kinds[family] != "histogram")
            labels = tuple(PART.findall(sample[2] or ""))
            assert len(dict(labels)) == len(labels)
            assert labels not in found.setdefault(name, {}), f"{line} twice"
            found[name][labels] = float(sample[3])
    for name, kind in kinds.items():
        assert name.endswith("_total") == (kind == "counter")
        if kind == "histogram":
            buckets = [(dict(labels)["le"], value) for labels, value in found[f"{name}_bucket"].items()]
            assert buckets[-1] == ("+Inf", found[f"{name}_count"][()])
            assert [float(edge) for edge, _ in buckets] == sorted({float(edge) for edge, _ in buckets})
            assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    return found


@pytest.fixture
def counting() -> Iterator[Counting]:
    seconds = iter(range(1_000))
    one = Counting(lambda: next(seconds) / 10)
    unwatch = spans.watch(one)
    yield one
    unwatch()


def test_the_page_of_a_shop_at_work_is_the_text_format_to_the_letter(shop: Shop, counting: Counting) -> None:
    shop.contact()
    shop.shop.store.beat(Runner("us", 1, "1", NOW, NOW, None, "at work"))
    shop.shop.store.happenings.take([Happening("t:1", Happened.delivered, NOW, "sendgrid", "k", "ada@gmail.com")], NOW)
    shop.shop.store.received.keep("sendgrid.events", b"[]", {}, NOW)
    Alarms(shop.shop.store.database).keep({Open("doubts", "", NOW): "1 in doubt"}, (), {"order.placed": NOW})
    for name in (spans.TURN, spans.RENDER, spans.POST, spans.REQUEST):
        with spans.span(name):
            pass
    spans.count(spans.ANSWERED, provider="sendgrid", answer="taken")
    spans.count(spans.DECIDED, 3, why="not_asked")
    observe.note(observe.TICK_DONE, people=4, decided=2, reasons=3)
    found = parsed(metrics(shop.shop.store, NOW, counting=counting))
    assert found["nurture_up"] == {(): 1}
    assert found["nurture_alarms"] == {(("alarm", kind),): float(kind == "doubts") for kind in sorted(KINDS)}
    assert found["nurture_source_last_event_timestamp_seconds"] == {(("event", "order.placed"),): NOW.timestamp()}
    assert found["nurture_received_oldest_timestamp_seconds"] == {(): NOW.timestamp()}
    assert found["nurture_reasons_total"] == {(("why", "not_asked"),): 3}
    assert found["nurture_people_decided_total"] == {(): 4}
    assert found["nurture_turn_duration_seconds_count"] == {(): 1}
    assert found["nurture_store_size_bytes"][()] > 10_000
    assert found["nurture_book_edition"] == {(): 1}
    assert set(found["nurture_queue_mails"].values()) == {0}
    said = {one.name for one in FAMILIES if {one.name, f"{one.name}_count"} & set(found)}
    unsaid = {"service_mails_total", "mail_clicks", "queue_oldest_due_timestamp_seconds"}  # of which there is nothing
    assert {one.name for one in FAMILIES} - said == {f"nurture_{name}" for name in unsaid}


def test_every_family_is_named_by_the_practice_and_explained() -> None:
    """https://prometheus.io/docs/practices/naming: a word of ours first, base units, _total for counters alone."""
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for one in FAMILIES:
        assert re.fullmatch(r"nurture_[a-z]+(_[a-z]+)*", one.name)
        assert (one.kind == "counter") == one.name.endswith("_total")
        assert (one.kind == "histogram") == bool(one.edges) == one.name.endswith("_duration_seconds")
        assert not re.search(r"(milli|micro|minutes|hours|kilo|mega)", one.name)
        assert one.labels == tuple(dict.fromkeys(one.labels))
        assert set(one.labels) <= {"class", "state", "provider", "family", "what", "alarm", "event", "why", "answer",
                                   "version"}  # fmt: skip
        assert f"| `{one.name}` |" in table, f"docs/operations.md does not explain {one.name}"
    assert len({one.name for one in FAMILIES}) == len(FAMILIES)


def test_a_value_of_a_label_can_be_any_text() -> None:
    page = Page()
    page.set("nurture_build_info", 1, 'a "b"\\\n')
    assert list(parsed(page.text())["nurture_build_info"]) == [(("version", 'a \\"b\\"\\\\\\n'),)]
    with pytest.raises(ValueError, match="zip"):
        page.set("nurture_up", 1, "too much")


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ([Handover("k", Fate.accepted), Handover("l", Fate.accepted)], "taken"),
        ([Handover("k", Fate.accepted), Handover("l", Fate.refused)], "refused"),
        ([Handover("k", Fate.planned, retry_at=NOW), Handover("l", Fate.in_doubt)], "pause"),
        ([Handover("k", Fate.in_doubt)], "doubt"),
        ([Handover("k", Fate.planned)], "later"),
        ([Handover("k", Fate.planned, halts=True)], "halt"),
    ],
)
def test_what_a_provider_made_of_a_request_is_said_once(told: list[Handover], answer: str) -> None:
    assert made_of_it(told) == answer


def samples_of(one: Family) -> set[str]:
    return {one.name} if one.kind != "histogram" else {f"{one.name}_{end}" for end in ("bucket", "sum", "count")}


def asked_for(expression: str) -> set[str]:
    return set(re.findall(r"\bnurture_[a-z_]+\b", expression))


KNOWN = {name for one in FAMILIES for name in samples_of(one)}


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def test_the_dashboard_asks_for_every_metric_and_for_no_other() -> None:
    asked = {name for expression in expressions() for name in asked_for(expression)}
    assert asked <= KNOWN
    assert [one.name for one in FAMILIES if not samples_of(one) & asked] == []


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    """Grafana's classic model, which every current version imports (grafana.com, "Dashboard JSON model")."""
    assert {"title", "uid", "panels", "templating", "time", "schemaVersion", "annotations", "tags"} <= DASHBOARD.keys()
    assert len(DASHBOARD["uid"]) <= 40
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, f"{panel['title']} lies over another"
        taken |= cells
        assert panel["type"] in ("row", "stat", "timeseries")
        if panel["type"] != "row":
            assert panel["description"]
            assert [target["refId"] for target in panel["targets"]] == [*"ABCD"[: len(panel["targets"])]]
    assert {one["name"] for one in DASHBOARD["templating"]["list"]} == {"datasource", "job"}
    assert all(text.count("(") == text.count(")") and text.count("{") == text.count("}") for text in expressions())


def test_the_alerts_are_rules_that_ask_for_what_is_there_and_are_explained() -> None:
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (group,) = ALERTS["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    for rule in group["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert asked_for(rule["expr"]) <= KNOWN
        assert asked_for(rule["expr"])
        assert re.fullmatch(r"[0-9]+[mhd]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert f"| `{rule['alert']}` |" in table, f"docs/operations.md does not say what to do about {rule['alert']}"


VALUES = {
    "event": observe.NAMES, "answer": set(spans.ANSWERS), "alarm": set(KINDS), "class": {"service"},
    "what": {one.value for one in Happened} | {"accepted"},
    "state": {"planned", "held", "handed", "in_doubt", "refused", "fate_unknown", "unread", "unreadable", "claimed"},
}  # fmt: skip
"""What a label can be, as far as the dashboard and the alerts ask for a value of it."""
OF_PROMETHEUS = {"job", "le"}
OF_THE_STORE = {one.name for one in FAMILIES if one.kind == "counter" and "this process" not in one.words
                and one.name not in ("nurture_people_decided_total", "nurture_mails_decided_total")}  # fmt: skip


def all_expressions() -> list[str]:
    return expressions() + [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("expression", all_expressions())
def test_what_is_asked_for_has_these_labels_with_these_values(expression: str) -> None:
    """An expression that no sample can ever fit is an alert that never wakes anybody."""
    labels = {name: set(one.labels) | OF_PROMETHEUS for one in FAMILIES for name in samples_of(one)}
    for name, selected in re.findall(r"\b(nurture_[a-z_]+)(?:\{([^}]*)\})?", expression):
        for label, sign, value in re.findall(r'([a-z]+)(=~|!=|!~|=)"([^"]*)"', selected or ""):
            assert label in labels[name], f"{name} has no {label}"
            if label in VALUES and sign in ("=", "!="):
                assert value in VALUES[label]
            elif label in VALUES:
                fitting = [one for one in VALUES[label] if re.fullmatch(value, one)]
                assert len(fitting) >= value.count("|") + 1, f"{value} asks for what is never there"
    for by in re.findall(r"\bby \(([^)]*)\)", expression):
        asked = set(re.split(r",\s*", by))
        assert asked <= set.union(*(labels[name] for name in asked_for(expression)))


@pytest.mark.parametrize("expression", all_expressions())
def test_what_every_process_tells_of_the_store_is_never_added_up_over_processes(expression: str) -> None:
    for name in asked_for(expression) & OF_THE_STORE:
        times = len(re.findall(rf"\b{name}\b", expression))
        right = re.findall(rf"max by \([^)]*\) \((?:rate|increase)\({name}\b", expression)
        assert len(right) == times, f"{expression}: twice as much with two workers"


def test_what_is_counted_stands_at_0_before_the_first_time(shop: Shop) -> None:
    """Prometheus takes no first value for an increase: without it the first refusal is never seen."""
    found = parsed(metrics(shop.shop.store, NOW, counting=Counting(lambda: 0.0, "sendgrid")))
    assert set(found["nurture_log_events_total"]) == {(("event", name),) for name in observe.NAMES}
    assert {dict(labels)["answer"] for labels in found["nurture_provider_answers_total"]} == set(spans.ANSWERS)
    assert sum(found["nurture_log_events_total"].values()) == 0
