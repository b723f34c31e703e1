"""An event loop in a thread of its own, for callers that know nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

_T = TypeVar("_T")


class Background:
    """Runs what is asynchronous. Ends with the process, or when closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Its result, waited for; raises what it raises. Whoever is interrupted meanwhile ends it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, coroutine: Coroutine[Any, Any, None]) -> Future[None]:
        """Let it go on until ``close``."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    @property
    def is_running(self) -> bool:
        """Until it is closed."""
        return not self._loop.is_closed()

    def close(self) -> None:
        """End everything that still goes on."""
        self.run(_ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _ended() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
