"""A plain NATS client that knows nothing of flightctl: ``plain_watcher.py URL BUCKET KEYS ROUND COUNT``.

It says ``watching`` once it has seen what is there. Then it waits for so many updates of flights whose gate begins with
``ROUND/``, and says when it heard of each: an object of gates and unix times.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import nats

_PATIENCE_S = 60.0


async def main(url: str, bucket: str, keys: str, of_round: str, count: int) -> dict[str, float]:
    client = await nats.connect(url)
    watcher: Any = await (await client.jetstream().key_value(bucket)).watch(keys)
    while await watcher.updates(timeout=_PATIENCE_S):
        pass
    print("watching", flush=True)
    heard = dict[str, float]()
    while len(heard) < count:
        entry = await watcher.updates(timeout=_PATIENCE_S)
        now = time.time()
        gate = json.loads(entry.value)["flightData"]["departure_gate"] if entry and entry.value else ""
        if gate.startswith(f"{of_round}/"):
            heard.setdefault(gate, now)
    await client.close()
    return heard


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))))
