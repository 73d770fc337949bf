"""A small client of a language server: what an editor says and hears, over the server's own standard streams."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

EDITOR = Path(__file__).parent / "editor"  # holds package.json: npm ci --prefix tests/editor
PATIENCE = 60  # seconds; a language server that says nothing for so long is broken


def yaml_server() -> list[str]:
    """How yaml-language-server is started. Where there is none its tests are left out, unless nothing may be (CI)."""
    program = EDITOR / "node_modules" / ".bin" / "yaml-language-server"
    if program.exists() and shutil.which("node"):
        return [str(program), "--stdio"]
    cure = "yaml-language-server is not installed: npm ci --prefix tests/editor"
    if "NURTURE_NO_SKIPS" in os.environ:
        pytest.fail(cure)
    pytest.skip(cure)


def toml_server() -> list[str]:
    """How tombi, a language server for TOML, is started; it is installed with the development tools."""
    return [str(Path(sys.executable).parent / "tombi"), "lsp", "--offline"]


class Editor:
    """One editor beside one server: opens documents, asks for completions, hears diagnostics."""

    def __init__(self, process: subprocess.Popen[bytes], settings: dict[str, Any]) -> None:
        self._process = process
        self._settings = settings
        self._heard: Queue[dict[str, Any]] = Queue()
        self._kept: list[dict[str, Any]] = []
        self._asked = 0
        Thread(target=self._listen, daemon=True).start()

    def start(self, folder: Path) -> None:
        """Introduce ourselves, as an editor with this folder open."""
        root = folder.as_uri()
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": folder.name}],
                "initializationOptions": {},
                "capabilities": {
                    "workspace": {"configuration": True, "workspaceFolders": True},
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True}},
                        "publishDiagnostics": {},
                        "hover": {},
                    },
                },
            },
        )
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": self._settings})

    def open(self, file: Path, language: str, text: str) -> str:
        """Open a document whose text may differ from the disk's; answers its name."""
        uri = file.as_uri()
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def completions(self, uri: str, line: int, character: int) -> set[str]:
        """What is offered at a place; lines and characters count from 0."""
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        answer = self.ask("textDocument/completion", place)
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"] for item in items or []}

    def hover(self, uri: str, line: int, character: int) -> str:
        """What is told about a word."""
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        return json.dumps(self.ask("textDocument/hover", place))

    def diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """The next findings about a document that are not none."""
        while True:
            found = self.next_diagnostics(uri)
            if found:
                return found

    def next_diagnostics(self, uri: str) -> list[dict[str, Any]]:
        """What is said about a document the next time, be it nothing."""
        while True:
            heard = self._next("textDocument/publishDiagnostics")
            if heard["params"]["uri"] == uri:
                found: list[dict[str, Any]] = heard["params"]["diagnostics"]
                return found

    def ask(self, method: str, parameters: object) -> Any:
        """A request, and its answer."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": parameters})
        while True:
            heard = self._hear()
            if heard.get("id") == self._asked and "method" not in heard:
                assert "error" not in heard, heard
                return heard.get("result")
            self._kept.append(heard)

    def tell(self, method: str, parameters: object) -> None:
        """A notification."""
        self._send({"method": method, "params": parameters})

    def _next(self, method: str) -> dict[str, Any]:
        for heard in self._kept:
            if heard.get("method") == method:
                self._kept.remove(heard)
                return heard
        while True:
            heard = self._hear()
            if heard.get("method") == method:
                return heard

    def _hear(self) -> dict[str, Any]:
        """The next thing the server says; what it asks of the editor is answered on the way."""
        while True:
            try:
                heard = self._heard.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError("the language server says nothing more") from None
            if "method" in heard and "id" in heard:
                self._send({"id": heard["id"], "result": self._answer(heard)})
            else:
                return heard

    def _answer(self, heard: dict[str, Any]) -> object:
        if heard["method"] != "workspace/configuration":
            return None
        return [self._settings.get(item.get("section", "")) for item in heard["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                line = stream.readline()
            body = stream.read(length)
            if len(body) == length:  # less at the end, when the server is gone
                self._heard.put(json.loads(body))


@contextmanager
def editing(server: list[str], folder: Path, settings: dict[str, Any]) -> Iterator[Editor]:
    """An editor with a folder open, beside a server that ends with it."""
    with subprocess.Popen(
        server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        try:
            editor = Editor(process, settings)
            editor.start(folder)
            yield editor
        finally:
            process.kill()
