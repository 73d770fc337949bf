"""Servers of a few lines on loopback, for what no well-behaved server does: each connection gets a thread."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Talk = Callable[[socket.socket], None]
PATIENCE = 10.0  # seconds after which a test rather fails than waits


@contextmanager
def listening(talk: Talk) -> Iterator[int]:
    """A port on which `talk` has every connection; it is closed when `talk` returns."""
    server = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            connections.append(connection)
            threading.Thread(target=one, args=[connection], daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(PATIENCE)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


async def all_accepted() -> None:
    """Wait for connections that are just being accepted: a server of asyncio that closes meanwhile leaks them."""
    for _ in range(3):  # what is in the kernel's queue becomes a task
        await asyncio.sleep(0)
    while any("_accept_connection2" in repr(task.get_coro()) for task in asyncio.all_tasks()):
        await asyncio.sleep(0.001)


def reset(connection: socket.socket) -> None:
    """End with RST and not with FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_http(connection: socket.socket) -> bytes:
    """One whole request; empty when the client closed."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            return b""
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
