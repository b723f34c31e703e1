"""What ``flightctl sandbox serve`` announces, as a real process."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.usefixtures("database")


def test_it_announces_a_base_url_for_each_provider_and_answers_at_both() -> None:
    command = [sys.executable, "-m", "flightctl", "sandbox", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            told = json.loads(child.stdout.readline())
            with urlopen(f"{told['url']}/flights?access_key=k&flight_iata=NZ527") as reply:
                assert json.load(reply)["data"]
            with urlopen(Request(f"{told['aeroapi_url']}/flights/NZ527", headers={"X-Apikey": "k"})) as reply:
                assert json.load(reply)["flights"]
        finally:
            child.terminate()
    port = urlsplit(told["url"]).port
    assert told == {
        "schema": "flightctl.sandbox/1",
        "url": f"http://127.0.0.1:{port}/v1",
        "setting": f"FLIGHTCTL_AVIATIONSTACK_URL=http://127.0.0.1:{port}/v1",
        "aeroapi_url": f"http://127.0.0.1:{port}/aeroapi",
        "aeroapi_setting": f"FLIGHTCTL_AEROAPI_URL=http://127.0.0.1:{port}/aeroapi",
    }
