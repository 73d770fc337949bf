"""Every curl of docs/api.md is run against a server, and answers what the page says."""

import asyncio
import json
import os
import re
from dataclasses import replace
from pathlib import Path

from nurture.engine.api_keys import new_key
from nurture.wiring import mint

from .site import NOW, Client, Shop, served

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(curl.*?)\n```\n\n```json\n(.*?)\n```", PAGE, re.DOTALL)
SCOPES = re.findall(r"keys new till --scope (\S+)", PAGE)[0].split(",")


def test_every_curl_of_the_page_answers_what_the_page_says(shop: Shop) -> None:
    shop.shop = replace(shop.shop, mint=mint)
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)

    async def run() -> list[object]:
        async with served(shop) as client:
            return [await curl(client, command, key) for command, _ in EXAMPLES]

    assert len(EXAMPLES) == len(SCOPES) == 5
    assert asyncio.run(run()) == [json.loads(said) for _, said in EXAMPLES]


async def curl(client: Client, command: str, key: str) -> object:
    """Run one command of the page as a reader would, in a shell."""
    environment = {**os.environ, "NURTURE": client.base, "KEY": key, "no_proxy": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdout=asyncio.subprocess.PIPE, env=environment
    )
    out, _ = await process.communicate()
    return json.loads(out)
