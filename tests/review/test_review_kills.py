"""A server killed while it saves loses nothing that it confirmed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from xietong.hand_codes import HandCodes


def save_until_killed(server, passages: list[str], coder: str, confirmed: dict[str, int], numbers: list[int]) -> None:
    """Save again and again, each time a new number in the comment; remember what was confirmed."""
    with httpx.Client(headers=server.headers(), timeout=10) as client:
        try:
            while True:
                numbers[0] += 1
                number, passage = numbers[0], passages[numbers[0] % len(passages)]
                body = {
                    "coder": coder, "mode": "code", "passage_id": passage, "values": {"planning": number % 3}, "evidence": [],
                    "comment": f"{number} " + "长" * (number % 700), "is_done": True,
                }  # fmt: skip
                answer = client.post(f"{server.base}/save", content=json.dumps(body))
                if answer.status_code == 200:
                    confirmed[passage] = number
        except httpx.HTTPError:
            return  # killed


#: Loads the libraries once, then serves in a process of its own for each line that comes in, until that is killed.
LAUNCHER = """
import os, sys
import xietong.review.app, xietong.review.workspace, uvicorn
from xietong.review import serve
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        tell = lambda url: print(os.getpid(), url, flush=True)
        serve(sys.argv[1], port=int(line), token=sys.argv[2], announce=tell)
    os.waitpid(child, 0)
"""


class Relaunched:
    """A review server that can be killed and started again in a moment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token, self.port = folder, "t" * 32, 0
        arguments = [sys.executable, "-c", LAUNCHER, str(folder), self.token]
        self.launcher = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.start()

    def start(self) -> None:
        assert self.launcher.stdin
        assert self.launcher.stdout
        print(self.port, file=self.launcher.stdin, flush=True)
        process, url = self.launcher.stdout.readline().split()
        self.process, self.port = int(process), int(url.split(":")[2].split("/")[0])
        self.base = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)

    def headers(self) -> dict[str, str]:
        return {
            "Origin": self.base, "Content-Type": "application/json", "X-Xietong-Token": self.token,
            "Cookie": f"xietong_{self.port}={self.token}",
        }  # fmt: skip

    def close(self) -> None:
        self.kill()
        self.launcher.kill()
        self.launcher.wait()
        for stream in (self.launcher.stdin, self.launcher.stdout):
            assert stream
            stream.close()


@pytest.mark.parametrize("n_kills", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_no_confirmed_code_is_lost_when_the_server_is_killed_during_saving(make_run: Callable, n_kills: int) -> None:
    server = Relaunched(make_run().folder)
    passages = pq.read_table(server.folder / "tables" / "passages.parquet")["passage_id"].to_pylist()
    dice = random.Random(7)
    confirmed: dict[str, dict[str, int]] = {"A": {}, "B": {}}
    numbers: dict[str, list[int]] = {"A": [0], "B": [0]}
    n_confirmed = []
    for _ in range(n_kills):
        writers = [
            threading.Thread(target=save_until_killed, args=(server, passages, c, confirmed[c], numbers[c]))
            for c in "AB"
        ]
        for writer in writers:
            writer.start()
        # on a busy machine the first confirmation takes a while; then the kill falls into the saves that follow
        before, deadline = dict(confirmed["A"]), time.monotonic() + 60
        while confirmed["A"] == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(dice.random() * 0.2)
        server.kill()
        for writer in writers:
            writer.join()
        stored = HandCodes(server.folder)
        for coder, passages_confirmed in confirmed.items():
            for passage, number in passages_confirmed.items():
                found = stored.get(f"hand:{coder}", passage)
                assert found is not None
                # a save may be on disk and its confirmation lost with the server; never the other way round
                assert int(found.comment.split()[0]) >= number
        n_confirmed.append(sum(max(c.values(), default=0) for c in confirmed.values()))
        server.start()
    server.close()
    assert len(set(n_confirmed)) == n_kills  # each server had confirmed saves before it was killed
