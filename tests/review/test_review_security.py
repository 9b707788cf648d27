"""The review server answers to its own page on this machine, and to nothing else."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

from xietong.hand_codes.store import FILE, FOLDER

PROPER = {"coder": "AB", "mode": "code", "values": {"planning": 1}, "evidence": [], "comment": "", "is_done": True}


def ask(
    server, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def proper_body(server) -> bytes:
    import pyarrow.parquet as pq

    first = pq.read_table(server.folder / "tables" / "passages.parquet")["passage_id"][0].as_py()
    return json.dumps({**PROPER, "passage_id": first}).encode()


GETS = ["/", "/code?coder=AB", "/adjudicate?coder=AB", "/progress", "/disagreements", "/codebook", "/static/review.js"]
HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:1",
    "[::1]:{port}",
    "0.0.0.0:{port}",
    "",
]
ORIGINS = [
    "http://evil.example",
    "null",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:{port}.evil.example",
    "file://",
    "http://localhost:1",
]
PATHS = [
    "/../../../../etc/passwd", "/static/../../../../etc/passwd", "/static/..%2f..%2f..%2fmanifest.json",
    "/static/%2e%2e/app.py", "/static/review.js%00.css", "/static//etc/passwd", "/static/....//....//etc/passwd",
    "/static/..\\..\\app.py", "//evil.example", "//evil.example/", "/\\evil.example", "/code/",
    "/hand/codes.jsonl", "/manifest.json", "/tables/passages.parquet", "/.git/config",
]  # fmt: skip
METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"]


def probes() -> list[tuple[str, str, str, dict[str, str | None], set[int]]]:
    """Name, method, address, changed headers, allowed answers."""
    found = [(f"host {h}", "GET", "/progress", {"Host": h}, {400, 403}) for h in HOSTS]
    found += [(f"host of a save {h}", "POST", "/save", {"Host": h}, {400, 403}) for h in HOSTS[:4]]
    found += [(f"origin {o}", "POST", "/save", {"Origin": o}, {403}) for o in ORIGINS]
    found += [("no origin", "POST", "/save", {"Origin": None}, {403})]
    found += [("foreign origin reads", "GET", "/progress", {"Origin": "http://evil.example"}, {403})]
    found += [("cross-site fetch", "GET", "/progress", {"Sec_Fetch_Site": "cross-site"}, {403})]
    found += [("same-site fetch of a save", "POST", "/save", {"Sec_Fetch_Site": "same-site"}, {403})]
    found += [(f"no key {g}", "GET", g, {"Cookie": None}, {401, 403}) for g in GETS]
    found += [("wrong key", "GET", "/progress", {"Cookie": "xietong_{port}=wrong"}, {401, 403})]
    found += [("key in the address of another page", "GET", "/progress?token={token}", {"Cookie": None}, {401, 403})]
    found += [("empty key", "GET", "/?token=", {"Cookie": "xietong_{port}="}, {401, 403})]
    found += [("save without header", "POST", "/save", {"X_Xietong_Token": None}, {401, 403})]
    found += [("save without cookie", "POST", "/save", {"Cookie": None}, {401, 403})]
    found += [("save with wrong header", "POST", "/save", {"X_Xietong_Token": "wrong"}, {401, 403})]
    found += [("save as a form", "POST", "/save", {"Content_Type": "application/x-www-form-urlencoded"}, {415})]
    found += [("save as plain text", "POST", "/save", {"Content_Type": "text/plain"}, {415})]
    found += [
        ("save by GET", "GET", "/save", {}, {405}),
        ("undo by GET", "GET", "/undo", {}, {405}),
        ("reveal by GET", "GET", "/reveal", {}, {405}),
    ]
    found += [(f"path {p}", "GET", p, {}, {400, 403, 404}) for p in PATHS]
    found += [(f"method {m}", m, "/progress", {}, {400, 405, 501}) for m in METHODS]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_all_probes_are_refused_and_nothing_is_written(serve: Callable) -> None:
    server = serve()
    before, body = contents(server.folder), proper_body(server)
    wrong = []
    for name, method, path, changes, allowed in probes():
        filled = {k: v.format(port=server.port) if v is not None else None for k, v in changes.items()}
        status, headers, content = ask(
            server,
            method,
            path.format(token=server.token),
            server.headers(**filled),
            body if method == "POST" else None,
        )
        is_leak = b"root:" in content or b'"program"' in content or "location" in headers
        if status not in allowed or is_leak:
            wrong.append((name, status))
    assert len(probes()) >= 60
    assert wrong == []
    assert contents(server.folder) == before
    status, _, _ = ask(server, "POST", "/save", server.headers(), body)
    assert status == 200
    assert contents(server.folder) != before


def test_bodies_too_large_or_endless_or_not_json_are_refused(serve: Callable) -> None:
    server = serve()
    before = contents(server.folder)
    declared = server.headers(Content_Length=str(10**9))
    assert ask(server, "POST", "/save", declared, b"{")[0] == 413
    chunked = server.headers(Transfer_Encoding="chunked", Content_Length=None)
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(
        b"POST /save HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in chunked.items()) + b"\r\n"
    )
    sent = 0
    try:
        while sent < 50_000_000:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
    except OSError:
        pass  # the server closed the connection, as it should
    assert sent < 20_000_000
    connection.close()
    for body in (
        b"",
        b"[]",
        b"{",
        b'"x"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"passage_id": 1}',
        b'{"coder": "AB", "passage_id": "none"}',
    ):
        assert ask(server, "POST", "/save", server.headers(), body)[0] == 400
    assert contents(server.folder) == before


#: Changes to a proper save that make it unfit.
UNFIT = [
    {"values": {"planning": 3}}, {"values": {"nonsense": 1}}, {"values": {"planning": "1"}}, {"values": {"planning": 1.5}},
    {"values": [1]}, {"coder": "../../x"}, {"coder": ""}, {"coder": "<b>"}, {"passage_id": "../x"}, {"evidence": "x"},
    {"evidence": [{"code": "planning", "start": -5, "end": 3}]},
    {"evidence": [{"code": "planning", "start": 0, "end": 10**9}]},
    {"evidence": [{"code": "planning", "start": "0", "end": 2}]}, {"evidence": [{"code": "market", "start": 0, "end": 2}]},
]  # fmt: skip


def test_saves_that_do_not_fit_are_refused(serve: Callable) -> None:
    server = serve()
    proper = json.loads(proper_body(server))
    for change in UNFIT:
        status, _, content = ask(server, "POST", "/save", server.headers(), json.dumps(proper | change).encode())
        assert status == 400, change
        assert json.loads(content)["error"]
    assert (server.folder / FOLDER / FILE).read_bytes() == b""


def test_slow_clients_are_cut_off_and_keep_nobody_out(serve: Callable) -> None:
    server = serve()
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(60)]
    for i, connection in enumerate(slow):
        if i % 2:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1")
        else:
            head = "".join(f"{k}: {v}\r\n" for k, v in server.headers(Content_Length="1000").items())
            connection.sendall(f"POST /save HTTP/1.1\r\n{head}\r\n{{".encode())
    began = time.monotonic()
    assert ask(server, "GET", "/progress", server.headers())[0] == 200
    assert time.monotonic() - began < 3
    for connection in slow:  # each is answered with 408 or simply closed, within the limits
        connection.settimeout(25)
        while chunk := connection.recv(4096):
            assert b" 200 " not in chunk
        connection.close()
    assert time.monotonic() - began < 30
    assert ask(server, "GET", "/progress", server.headers())[0] == 200


def test_server_listens_on_the_loopback_address_only(serve: Callable) -> None:
    server = serve()
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    own = [address for address in listening if int(address.split(":")[1], 16) == server.port]
    assert own == [f"0100007F:{server.port:04X}"]
    six = Path("/proc/net/tcp6")
    assert not six.exists() or f":{server.port:04X} 00000000" not in six.read_text()


def test_every_page_forbids_foreign_content_and_has_no_script_or_style_of_its_own(
    serve: Callable, make_run: Callable
) -> None:
    server = serve(make_run(hostile=True))
    for path in GETS:
        status, headers, content = ask(server, "GET", path, server.headers())
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        page = content.decode()
        if not path.startswith("/static"):
            assert re.findall(r"<script(?![^>]* src=\"/static/review.js\")", page) == []
            assert re.findall(r"<style|\sstyle=|\son\w+=\"|javascript:\w+\(\)\"", page) == []
            assert re.findall(r"(?:src|href|action)=\"(?!/[^/])", page) == []


def test_key_in_the_first_address_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(serve: Callable) -> None:
    server = serve()
    status, headers, _ = ask(server, "GET", f"/?token={server.token}", server.headers(Cookie=None, Origin=None))
    assert status == 200
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_proposal_is_not_in_a_blind_page_and_cannot_be_asked_for(serve: Callable) -> None:
    server = serve(is_blind=True)
    page = ask(server, "GET", "/code?coder=AB", server.headers())[2].decode()
    assert "&#34;proposal&#34;: null" in page
    assert ask(server, "POST", "/reveal", server.headers(), proper_body(server))[0] == 403


def test_proposal_is_recorded_before_it_is_shown(serve: Callable) -> None:
    server = serve(is_blind=False)
    status, _, content = ask(server, "POST", "/reveal", server.headers(), proper_body(server))
    assert status == 200
    assert "proposal" in json.loads(content)
    event = json.loads((server.folder / FOLDER / FILE).read_text())
    assert event["event"] == "reveal"
