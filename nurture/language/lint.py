"""Findings that need more than one key to see: the flow of a sequence, and sequences beside the house (9.4)."""

from collections.abc import Iterator

from nurture.language.written import Project, Written
from nurture.model.place import Problem
from nurture.model.sequence import Send

SERVICE = "service"


def findings(project: Project) -> Iterator[Problem]:
    """All findings of a project beyond those about single keys."""
    for written in project.sequences:
        yield from _topics(written)


def sends(written: Written) -> list[Send]:
    """All messages of a sequence, in the order of the file."""
    return [node.step for node in written.sequence.nodes.values() if isinstance(node.step, Send)]


def _topics(written: Written) -> Iterator[Problem]:
    """E310, said once for the whole file."""
    without = [send.mail for send in sends(written) if send.class_ != SERVICE and not send.topic]
    if without:
        named = ", ".join(f"'{mail}'" for mail in dict.fromkeys(without))
        message = f"{named}: without a topic nobody could unsubscribe"
        yield Problem("E310", written.top, message, "topic: one of sequences/house/topics.yaml")
