"""A server killed while it saves loses nothing that it confirmed."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable

import httpx
import pyarrow.parquet as pq
import pytest

from xietong.hand_codes import HandCodes


def save_until_killed(server, passages: list[str], coder: str, confirmed: dict[str, int], numbers: list[int]) -> None:
    """Save again and again, each time a new number in the comment; remember what was confirmed."""
    with httpx.Client(headers=server.headers(Host=None), timeout=10) as client:
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


@pytest.mark.parametrize("n_kills", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_no_confirmed_code_is_lost_when_the_server_is_killed_during_saving(serve: Callable, n_kills: int) -> None:
    server = serve()
    passages = pq.read_table(server.folder / "tables" / "passages.parquet")["passage_id"].to_pylist()
    dice = random.Random(7)
    confirmed: dict[str, dict[str, int]] = {"A": {}, "B": {}}
    numbers: dict[str, list[int]] = {"A": [0], "B": [0]}
    for _ in range(n_kills):
        writers = [
            threading.Thread(target=save_until_killed, args=(server, passages, c, confirmed[c], numbers[c]))
            for c in "AB"
        ]
        for writer in writers:
            writer.start()
        time.sleep(0.15 + dice.random() * 0.4)
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
        server.start()
    assert all(confirmed.values())  # how many saves fit between the kills depends on the machine
