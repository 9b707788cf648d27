"""The local page on which people code passages; every save is on disk before it is confirmed."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from xietong.errors import MissingExtraError, UsageError

__all__ = ["serve"]


def serve(
    run_folder: str | Path,
    *,
    port: int = 0,
    is_blind: bool = True,
    language: str = "en",
    token: str | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve the page to code a run by hand, on this machine only, until interrupted.

    Parameters
    ----------
    port : 0 for one that is free
    is_blind : whether the machine's proposals stay hidden; otherwise they are shown, and that is recorded
    language : of the page to begin with, en or zh, however written
    token : key to the page; a new one each time by default
    announce : called once with the address, key included, when the page can be opened

    Raises
    ------
    MissingExtraError
        If the web framework is not installed.
    RunFolderError
        If there is no finished run, or another review has its hand codes open.
    """
    try:
        import jinja2  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtraError('the review page needs a web server: pip install "xietong[review]"') from error
    from xietong.hand_codes import HandCodes
    from xietong.messages import language_of
    from xietong.review.app import build_app
    from xietong.review.security import MOST_CONNECTIONS, impatient_protocol
    from xietong.review.workspace import Workspace
    from xietong.runs import open_run

    run = open_run(run_folder)
    token = token or secrets.token_urlsafe(24)
    with HandCodes(run.folder).open_for_writing() as hand, _listen(port) as listener:
        port = listener.getsockname()[1]
        app = build_app(Workspace(run, hand), token=token, port=port, is_blind=is_blind, language=language_of(language))
        config = uvicorn.Config(
            app, http=impatient_protocol(), ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, limit_concurrency=MOST_CONNECTIONS, timeout_keep_alive=10,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        announce(f"http://127.0.0.1:{port}/?token={token}")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    """Listen on the loopback address only."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} is taken ({error.strerror}); give another with --port") from error
    listener.listen(128)
    return listener
