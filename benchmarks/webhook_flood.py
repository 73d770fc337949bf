"""How many of SendGrid's events a second are checked, stored safely and answered over HTTP, and then taken in.

`python -m benchmarks.webhook_flood [posts] [events in each]`: a real web part on loopback in its own process, signed
posts from 16 connections; then one `nurture run --once` reads them; then as many others come to a daemon that takes
them in while they come. Goal: 2,000 events a second stored, and 150 MB of memory.
"""

import asyncio
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.running import Daemon, daemon

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
GOAL = 2_000
KEY = generate_private_key(SECP256R1())
COMMAND = [sys.executable, "-m", "nurture"]
Posts = list[tuple[bytes, dict[str, str]]]


def posts(count: int, each: int, first: int = 0) -> tuple[Posts, str]:
    """Signed posts, and the public key; numbered from `first`."""
    made, at = [], int(time.time())
    for number in range(first, first + count):
        events = [
            {
                "email": f"reader{number}_{place}@shop.example", "timestamp": at, "event": kind,
                "nv_send": f"{number:032x}",
                "sg_event_id": b64encode(f"{kind}-{number}-{place}".encode()).decode(), "category": ["welcome", "tips"],
                "sg_message_id": f"14c5d75ce93.dfd.{number}", "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
                "response": "250 2.0.0 OK 1740300320 d2e1a72fcca58-7fb1f81b8c1si123456b3a.99 - gsmtp", "tls": 1,
            }
            for place in range(each)
            for kind in ("processed" if place % 2 else "delivered",)
        ]  # fmt: skip
        body = json.dumps(events).encode()
        signature = b64encode(KEY.sign(str(at).encode() + body, ECDSA(SHA256()))).decode()
        made.append((body, {SIGNATURE: signature, TIMESTAMP: str(at)}))
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made, b64encode(public).decode()


async def flood(url: str, wanted: Posts, connections: int = 16) -> tuple[float, list[float]]:
    """Seconds in all, and of each post."""
    took: list[float] = []
    left = iter(wanted)

    async def one(session: aiohttp.ClientSession) -> None:
        for body, headers in left:
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 204, answer.status
            took.append(time.perf_counter() - begun)

    async with aiohttp.ClientSession() as session:
        begun = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(connections)))
        return time.perf_counter() - begun, took


async def listening(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise SystemExit("the web part did not open")


def main() -> None:
    count, each = (int(one) for one in (*sys.argv[1:], *("1000", "20")[len(sys.argv) - 1 :]))
    wanted, public = posts(count, each)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*COMMAND, "init", str(root)], check=True, **quiet)  # type: ignore[call-overload]
        (root / "config.toml").write_text(
            f'[web]\nurl = "https://x.example"\nlisten = "127.0.0.1:{port}"\n[sendgrid]\nevents_key = "{public}"\n',
            encoding="utf-8",
        )
        subprocess.run([*COMMAND, "apply"], cwd=root, check=True, **quiet)  # type: ignore[call-overload]
        web = subprocess.Popen([*COMMAND, "web"], cwd=root, **quiet)  # type: ignore[call-overload]
        try:
            asyncio.run(listening(f"http://127.0.0.1:{port}/health"))
            seconds, took = asyncio.run(flood(f"http://127.0.0.1:{port}/in/sendgrid/events", wanted))
        finally:
            web.send_signal(signal.SIGTERM)
            _, _, used = os.wait4(web.pid, 0)
        print(f"{count:,} posts of {each} events ({len(wanted[0][0]):,} bytes), 16 connections")
        said(count * each, seconds, took)
        cpu, most = (used.ru_utime + used.ru_stime) / (count * each) * 1e6, used.ru_maxrss / 1024
        print(f"web part  {cpu:.0f} µs of processor an event, its start included; {most:.0f} MB at the most")
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([*COMMAND, "run", "--once"], cwd=root, check=True, **quiet)  # type: ignore[call-overload]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        wall = time.perf_counter() - begun
        taken, micros = count * each / wall, spent / (count * each) * 1e6
        print(f"taken in  {taken:>9,.0f} events/s, {micros:.0f} µs of processor an event, the start of `run` included")
        with daemon(root) as running:
            amid(running, root, port, count, each)


def said(events: int, seconds: float, took: list[float]) -> None:
    """How many were stored, and how long their posts waited for the answer."""
    middle, slow, slowest = (sorted(took)[min(len(took) * part // 100, len(took) - 1)] * 1e3 for part in (50, 99, 100))
    print(f"stored    {events / seconds:>9,.0f} events/s, {len(took) / seconds:,.0f} posts/s; goal {GOAL:,}")
    print(f"answered  {middle:.1f} ms median, {slow:.1f} ms of 99 %, {slowest:.1f} ms the slowest")


def amid(running: Daemon, root: Path, port: int, count: int, each: int) -> None:
    """The flood again, other posts, to a daemon that takes them in meanwhile."""
    wanted, _ = posts(count, each, count)
    asyncio.run(listening(f"http://127.0.0.1:{port}/health"))
    begun, started = time.perf_counter(), running.memory()
    seconds, took = asyncio.run(flood(f"http://127.0.0.1:{port}/in/sendgrid/events", wanted))
    print("the same to a daemon that decides and takes in at the same time:")
    said(count * each, seconds, took)
    running.until(lambda: not unread(root))
    events = count * each / (time.perf_counter() - begun)
    print(f"taken in  {events:>9,.0f} events/s from the first post to the last event")
    after, most = running.memory(), running.memory("VmHWM")
    print(f"memory    {started:.0f} MB before, {after:.0f} MB after, {most:.0f} MB at the most")


def unread(root: Path) -> bool:
    """Whether there is a post that nobody has read."""
    with sqlite3.connect(root / "nurture.db") as store:
        return store.execute("SELECT 1 FROM received WHERE done_at IS NULL LIMIT 1").fetchone() is not None


if __name__ == "__main__":
    main()
