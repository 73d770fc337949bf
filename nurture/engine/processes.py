"""Work on pages of people in several processes: each is told the question once, and the answers come in order."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Any, TypeVar

AHEAD = 8  # pages on their way to each process, so that memory stays small

Question = TypeVar("Question")
Page = TypeVar("Page")
Answer = TypeVar("Answer")


def spread(
    work: Callable[[Question, Page], Answer], question: Question, pages: Iterator[Page], processes: int
) -> Iterator[Answer]:
    """What `work` says of each page, in the order of the pages; with one process it is done here.

    `work` is a function of a module; question, pages and answers can be pickled. To send the question with each
    page would cost more than the work.
    """
    if processes <= 1:
        yield from (work(question, page) for page in pages)
        return
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(work, question)) as pool:
        waiting = [pool.submit(_do, page) for page in islice(pages, processes * AHEAD)]
        while waiting:
            yield waiting.pop(0).result()
            waiting.extend(pool.submit(_do, page) for page in islice(pages, 1))


def cores() -> int:
    """How many processes make sense on this machine."""
    return min(os.cpu_count() or 1, 8)


_told: tuple[Any, Any] | None = None


def _begin(work: object, question: object) -> None:
    global _told  # noqa: PLW0603 - a process of the pool is told once
    _told = (work, question)


def _do(page: object) -> Any:
    if _told is None:
        raise RuntimeError("the process was not told its question")
    work, question = _told
    return work(question, page)
