"""How work reaches the store from tasks that run beside each other."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Run(Protocol):
    """Executes work of the store or of rendering: directly, or in the one thread that may touch the store."""

    def __call__(self, function: Callable[..., T], *arguments: object) -> Awaitable[T]:
        """What the function answers."""
