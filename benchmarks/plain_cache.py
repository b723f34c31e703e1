"""A plain HTTP cache, for ``economy.py`` to compare with: ``plain_cache.py FILE BASE_URL KEY``, designators on stdin.

What a careful script does with an HTTP client and a cache file that all of its processes share: a response with status
200, empty or not, answers the same URL for 30 days.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time

import httpx

_LIFETIME_S = 30 * 86_400
_WAIT_FOR_LOCK_S = 60.0


class PlainCache:
    """Responses by URL."""

    def __init__(self, path: str) -> None:
        self._rows = sqlite3.connect(path, timeout=_WAIT_FOR_LOCK_S, isolation_level=None)
        self._rows.execute("CREATE TABLE IF NOT EXISTS responses (url TEXT PRIMARY KEY, body TEXT, stored_at REAL)")

    def get(self, client: httpx.Client, url: httpx.URL) -> str:
        """The body, from the file or from upstream."""
        fresh = "SELECT body FROM responses WHERE url = ? AND stored_at > ?"
        kept = self._rows.execute(fresh, (str(url), time.time() - _LIFETIME_S)).fetchone()
        if kept:
            return str(kept[0])
        response = client.get(url).raise_for_status()
        if response.status_code == 200:
            self._rows.execute("REPLACE INTO responses VALUES (?, ?, ?)", (str(url), response.text, time.time()))
        return response.text


def url_of(base: str, key: str, typed: str) -> httpx.URL:
    """Upper case, no blanks; an airline of three letters is an ICAO designator."""
    flight = "".join(typed.split()).upper()
    name = "flight_icao" if flight[:3].isalpha() else "flight_iata"
    return httpx.URL(f"{base}/flights", params={"access_key": key, name: flight})


def main(path: str, base: str, key: str) -> None:
    """Print the rows that upstream has, or had, for each line."""
    cache = PlainCache(path)
    with httpx.Client(timeout=_WAIT_FOR_LOCK_S) as client:
        for typed in sys.stdin:
            print(json.dumps(json.loads(cache.get(client, url_of(base, key, typed)))["data"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
