"""Hosts of their own on one machine: network namespaces with a name, an address and a cable each, which can be pulled.

Two networks, as a shop might have them: one leads to the database, one to the provider. A pulled cable loses what is
sent, and tells nobody: no connection is refused or reset. Nothing of it can be seen from outside, and nothing is left
when the process that made it is gone. It needs root, and Debian's iproute2 and util-linux.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

DATA, WORLD = "data", "world"  # the network of the database, and that of the provider
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of linux/sched.h
_NUMBERS = {DATA: 1, WORLD: 2}


@dataclass(frozen=True)
class Host:
    """A machine with a name of its own. `number` is the last part of its address in each network."""

    name: str
    number: int
    process: "subprocess.Popen[bytes]"

    def address(self, network: str) -> str:
        """Its address in a network."""
        return f"10.77.{_NUMBERS[network]}.{self.number}"

    def command(self, *words: str | Path) -> list[str | Path]:
        """What runs these words there."""
        return ["nsenter", "--target", str(self.process.pid), "--net", "--uts", *words]


@dataclass
class Hosts:
    """The hosts, and a switch for each network, to which this process is connected too."""

    made: dict[str, Host] = field(default_factory=dict)
    beside: ExitStack = field(default_factory=ExitStack)

    def add(self, name: str, *networks: str) -> Host:
        """One more host, with a cable to each of these networks."""
        # It lives for as long as we do, whatever kills us.
        holder = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--uts", "sleep", "infinity"]
        process = subprocess.Popen(holder, stdin=subprocess.DEVNULL)
        self.beside.callback(_end, process)
        host = Host(name, len(self.made) + 2, process)
        _until_apart(process.pid)
        _do(*host.command("hostname", name))
        _do(*host.command("ip", "link", "set", "lo", "up"))
        for network in networks:
            here, there = _cable(host, network), network
            _do("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", str(process.pid))
            _do("ip", "link", "set", here, "master", f"all-{network}", "up")
            _do(*host.command("ip", "address", "add", f"{host.address(network)}/24", "dev", there))
            _do(*host.command("ip", "link", "set", there, "up"))
        self.made[name] = host
        return host

    def pull(self, host: Host, network: str) -> None:
        """Pull a host's cable to a network: what is sent is lost."""
        _do("ip", "link", "set", _cable(host, network), "down")

    def plug(self, host: Host, network: str) -> None:
        """Put it in again."""
        _do("ip", "link", "set", _cable(host, network), "up")


@contextmanager
def hosts() -> Iterator[Hosts]:
    """A network that nobody else sees, with this process in it until the end."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "a network of its own needs root")
    made = Hosts()
    try:
        _do("ip", "link", "set", "lo", "up")
        for network, number in _NUMBERS.items():
            _do("ip", "link", "add", f"all-{network}", "type", "bridge")
            _do("ip", "address", "add", f"10.77.{number}.1/24", "dev", f"all-{network}")
            _do("ip", "link", "set", f"all-{network}", "up")
        yield made
    finally:
        made.beside.close()
        library.setns(before, _NEW_NETWORK)
        os.close(before)


def _cable(host: Host, network: str) -> str:
    return f"{host.name}-{network}"


def _until_apart(process: int) -> None:
    """Until it is in a network of its own: it is another than ours then."""
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{process}/ns/net") == ours:
        os.sched_yield()


def _do(*words: str | Path) -> None:
    done = subprocess.run(list(words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


def as_nobody(user: int, words: Sequence[str | Path]) -> list[str | Path]:
    """The words, run without any of root's rights, and gone when their parent is."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--pdeathsig", "QUIT", *words]
