"""Keeps the review page to the person it was opened for: this machine, this token, this page, small and timely requests."""

from __future__ import annotations

import asyncio
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A judgement with 200 spans and a long comment has about 40 kB.
LARGEST_BODY = 256 * 1024
#: Seconds for a request's head, and again for its body. A person's browser on this machine needs milliseconds.
SLOWEST_HEAD, SLOWEST_BODY = 5.0, 5.0
MOST_CONNECTIONS = 256

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware that lets a request through only if every check passes, and adds the headers above."""

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self.app = app
        self.token = token
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.cookie = f"xietong_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] != "http":
            return  # no websockets, and nothing to do at start and end
        refusal = self._refusal(scope)
        if refusal:
            await _answer(send, *refusal)
            return
        if scope["method"] != "POST":
            await self.app(scope, receive, _with_headers(send))
            return
        try:
            body = await asyncio.wait_for(_read_body(receive), SLOWEST_BODY)
        except TimeoutError:
            await _answer(send, 408, "the request was too slow")
            return
        if body is None:
            await _answer(send, 413, f"more than {LARGEST_BODY} bytes")
            return
        await self.app(scope, _replay(body), _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        if len(headers.get("host", [])) != 1 or headers["host"][0].lower() not in self.hosts:
            return 403, "this page answers on this machine only"
        origins = headers.get("origin", [])
        if any(origin.lower() not in {f"http://{host}" for host in self.hosts} for origin in origins):
            return 403, "this page takes requests from itself only"
        if headers.get("sec-fetch-site", ["none"])[0] not in ("same-origin", "none"):
            return 403, "this page takes requests from itself only"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "GET and POST only"
        return self._refusal_of_post(headers) if scope["method"] == "POST" else self._refusal_of_get(scope, headers)

    def _refusal_of_get(self, scope: Scope, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        query = (
            parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
            if len(scope["query_string"]) < 4096
            else {}
        )
        given = query.get("token", [""])[0] if scope["path"] == "/" else ""
        if not self._is_token(given) and not self._is_token(self._cookie_of(headers)):
            return 401, "open the address that the terminal shows; it carries the key to this page"
        return None

    def _refusal_of_post(self, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        # the cookie alone could ride along with another site's request, the header alone could leak with the page
        given = headers.get("x-xietong-token", [""])[0]
        if not self._is_token(given) or not self._is_token(self._cookie_of(headers)):
            return 401, "open the address that the terminal shows; it carries the key to this page"
        if not headers.get("origin"):
            return 403, "the browser has to say which page asks"
        if headers.get("content-type", [""])[0].split(";")[0].strip().lower() != "application/json":
            return 415, "JSON only"
        length = headers.get("content-length", ["0"])[0]
        if not length.isdecimal() or int(length[:12]) > LARGEST_BODY:
            return 413, f"more than {LARGEST_BODY} bytes"
        return None

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _cookie_of(self, headers: dict[str, list[str]]) -> str:
        try:
            cookies = SimpleCookie("; ".join(headers.get("cookie", [])))
        except CookieError:
            return ""
        return cookies[self.cookie].value if self.cookie in cookies else ""


async def _read_body(receive: Receive) -> bytes | None:
    """Read a body up to the limit; None when it is longer, whatever its head said."""
    parts: list[bytes] = []
    total = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        total += len(parts[-1])
        if total > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *((k.encode(), v.encode()) for k, v in HEADERS.items())]
        await send(message)

    return send_with_headers


async def _answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = {
        "content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), "connection": "close", **HEADERS,
    }  # fmt: skip
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


def impatient_protocol() -> type[Any]:
    """Give uvicorn's HTTP protocol with a limit on how long a request's head may take.

    Uvicorn itself waits for ever for the rest of a head, so that a few hundred connections that send one byte a minute
    would keep everyone else out.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class ImpatientProtocol(H11Protocol):
        head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._start_waiting()

        def handle_events(self) -> None:
            super().handle_events()
            if self._is_answering():
                self._stop_waiting()
            elif self.head_timer is None:
                self._start_waiting()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.head_timer is None and not self._is_answering():
                self._start_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _start_waiting(self) -> None:
            self.head_timer = self.loop.call_later(SLOWEST_HEAD, self._give_up)

        def _stop_waiting(self) -> None:
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None

        def _give_up(self) -> None:
            self.head_timer = None
            if not self._is_answering() and not self.transport.is_closing():
                self.transport.abort()

    return ImpatientProtocol
