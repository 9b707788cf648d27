"""The review page's addresses: pages are made here on the server, saves come back as small JSON messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from xietong.codebook import Code
from xietong.errors import UsageError, XietongError
from xietong.hand_codes import ADJUDICATED, HandCoding, coder_id_of
from xietong.hand_codes.store import PREFIX
from xietong.lists import read_list
from xietong.messages import LANGUAGES, worded_error
from xietong.review.security import Guard
from xietong.review.workspace import Workspace, assign_keys

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

_STATIC = {
    "review.js": "text/javascript; charset=utf-8",
    "review.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@cache
def messages(language: str) -> dict[str, str]:
    """Give the page's words in a language, by key."""
    return {row["key"]: row[language] for row in read_list("review_messages")}


def build_app(workspace: Workspace, *, token: str, port: int, is_blind: bool = True, language: str = "en") -> ASGIApp:
    """Make the page's program: pages for GET, saves for POST, everything behind `Guard`."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    pages = Pages(workspace, token=token, port=port, is_blind=is_blind, language=language)
    routes = [
        Route("/", pages.start), Route("/code", pages.code), Route("/adjudicate", pages.adjudicate),
        Route("/progress", pages.progress), Route("/disagreements", pages.disagreements), Route("/codebook", pages.codebook),
        Route("/static/{name}", pages.static),
        Route("/save", pages.save, methods=["POST"]), Route("/undo", pages.undo, methods=["POST"]),
        Route("/reveal", pages.reveal, methods=["POST"]),
    ]  # fmt: skip
    app: Starlette = Starlette(routes=routes, exception_handlers={XietongError: pages.refuse})
    app.router.redirect_slashes = False  # a redirect made from the path could be led elsewhere
    return Guard(app, token=token, port=port)


class Pages:
    """Answers requests from one workspace."""

    def __init__(self, workspace: Workspace, *, token: str, port: int, is_blind: bool, language: str) -> None:
        from jinja2 import Environment, PackageLoader, StrictUndefined

        self.workspace, self.token, self.port = workspace, token, port
        self.is_blind, self.language = is_blind, language
        loader = PackageLoader("xietong.review")
        self.templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.keys = assign_keys(workspace.codebook)

    # -- pages ---------------------------------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        """Ask who codes what; keep the key that came with the address in a cookie."""
        samples = [{"name": s, "coders": self.workspace.coders_of(s)} for s in self.workspace.samples]
        names = dict.fromkeys(n for s in self.workspace.samples for n in self.workspace.coders_of(s))
        names |= dict.fromkeys(c.removeprefix(PREFIX) for c in self.workspace.hand.coders() if c != ADJUDICATED)
        response = self._page(request, "start.html", samples=samples, names=list(names))
        if "token" in request.query_params:
            response.set_cookie(f"xietong_{self.port}", self.token, httponly=True, samesite="strict", path="/")
        return response

    async def code(self, request: Request) -> Response:
        """Show a passage to code: the one asked for, or the coder's first that is not confirmed."""
        coder_id, sample = self._coder(request), self._sample(request)
        queue = self.workspace.queue(sample, coder_id.removeprefix(PREFIX))
        done = [self._is_done(coder_id, p) for p in queue]
        passage_id = request.query_params.get("passage")
        if passage_id is None:
            if all(done):
                return self._page(
                    request, "finished.html", coder=coder_id, sample=sample, first=queue[0] if queue else ""
                )
            passage_id = queue[done.index(False)]
        place = queue.index(passage_id) if passage_id in queue else 0
        coding = self.workspace.hand.get(coder_id, passage_id)
        return self._coding_page(request, passage_id, coding, queue, place, sum(done), coder_id, "code", sample)

    async def adjudicate(self, request: Request) -> Response:
        """Show a passage on which people differ, with what each of them said."""
        by = self._coder(request)
        table = self.workspace.disagreements()
        queue = list(dict.fromkeys(table["passage_id"]))
        is_open = {p: not settled for p, settled in zip(table["passage_id"], table["is_settled"], strict=True)}
        passage_id = request.query_params.get("passage") or next((p for p in queue if is_open[p]), "")
        if not passage_id:
            return self._page(request, "finished.html", coder=by, sample=self._sample(request), first="")
        codings = self.workspace.codings_of(passage_id)
        same, different = self.workspace.agreed_values(codings)
        coding = self.workspace.hand.get(ADJUDICATED, passage_id) or _prefilled(passage_id, same, codings)
        place = queue.index(passage_id) if passage_id in queue else 0
        n_done = sum(not v for v in is_open.values())
        return self._coding_page(
            request, passage_id, coding, queue or [passage_id], place, n_done, by, "adjudicate", "",
            others=codings, different=different,
        )  # fmt: skip

    def _coding_page(
        self, request: Request, passage_id: str, coding: HandCoding | None, queue: list[str], place: int, n_done: int,
        coder_id: str, mode: str, sample: str, others: list[HandCoding] | None = None, different: list[str] | None = None,
    ) -> Response:  # fmt: skip
        subject = ADJUDICATED if mode == "adjudicate" else coder_id
        has_seen = self.workspace.hand.has_seen_machine(subject, passage_id)
        state = {
            "passage_id": passage_id, "coder": coder_id.removeprefix(PREFIX), "mode": mode, "is_blind": self.is_blind,
            "has_seen_machine": has_seen, "proposal": self.workspace.proposal(passage_id) if has_seen else None,
            "previous": self._address(request, queue, place - 1), "next": self._address(request, queue, place + 1),
            "onward": self._address(request, queue, None), **_state_of(coding),
            "codes": [self._code_state(c) for c in self.workspace.codebook.codes],
        }  # fmt: skip
        return self._page(
            request, "code.html", state=json.dumps(state, ensure_ascii=False), passage=self.workspace.show(passage_id),
            coding=coding, place=place, total=len(queue), n_done=n_done, coder=coder_id, mode=mode, sample=sample,
            others=others or [], different=different or [],
        )  # fmt: skip

    def _address(self, request: Request, queue: list[str], place: int | None) -> str:
        """Address of another passage of the queue; ``None``: the first that is not done; "" beyond the ends."""
        if place is not None and not 0 <= place < len(queue):
            return ""
        query = {k: v for k, v in request.query_params.items() if k in ("coder", "sample", "lang")}
        if place is not None:
            query["passage"] = queue[place]
        return f"{request.url.path}?{urlencode(query)}"

    async def progress(self, request: Request) -> Response:
        """Show how far everyone is and how well they agree."""
        coded = self.workspace.hand.coded()
        drafts = [c.coder_id for c in self.workspace.hand if not c.is_done]
        names = {PREFIX + n for s in self.workspace.samples for n in self.workspace.coders_of(s)}
        rows = []
        for coder in sorted(names | set(coded["coder_id"]) | set(drafts)):
            own = coded[coded["coder_id"] == coder]
            assigned = {
                p for s in self.workspace.samples if coder.removeprefix(PREFIX) in self.workspace.coders_of(s)
                for p in self.workspace.queue(s, coder.removeprefix(PREFIX))
            }  # fmt: skip
            rows.append({
                "coder": coder.removeprefix(PREFIX), "assigned": len(assigned) or None, "done": len(own),
                "drafts": drafts.count(coder), "seen": int(own["has_seen_machine"].sum()),
            })  # fmt: skip
        table = self.workspace.agreement()
        agreement = [] if table is None else table[table["code"].str[0] != "("].to_dict("records")
        return self._page(request, "progress.html", rows=rows, agreement=agreement)

    async def disagreements(self, request: Request) -> Response:
        """List the codes on which people differ."""
        table = self.workspace.disagreements()
        groups = [
            {
                "passage_id": passage_id,
                "text": "".join(w.text for w in self.workspace.show(str(passage_id)).words)[:300],
                "codes": [(c, str(v).replace(PREFIX, "")) for c, v in zip(own["code"], own["values"], strict=True)],
                "is_settled": bool(own["is_settled"].all()),
            }
            for passage_id, own in list(table.groupby("passage_id", sort=False))[:300]
        ]
        return self._page(request, "disagreements.html", groups=groups)

    async def codebook(self, request: Request) -> Response:
        """Show every code with its definition."""
        return self._page(request, "codebook.html")

    async def static(self, request: Request) -> Response:
        """Give the script and the style sheet; no other file can be named."""
        from starlette.responses import PlainTextResponse, Response

        name = request.path_params["name"]
        if name not in _STATIC:
            return PlainTextResponse("not found", 404)
        content = (files("xietong.review") / "static" / name).read_bytes()
        return Response(content, headers={"content-type": _STATIC[name]})

    # -- saves ---------------------------------------------------------------------------------------------------

    async def save(self, request: Request) -> Response:
        """Write a judgement; the answer is sent when it is on disk."""
        from starlette.responses import JSONResponse

        payload = await _read(request)
        mode, coder_id = payload.get("mode"), coder_id_of(str(payload.get("coder", "")))
        if mode == "adjudicate":
            payload |= {"by": coder_id.removeprefix(PREFIX)}
            coder_id = ADJUDICATED
        saved = self._try(
            lambda: self.workspace.hand.save(self.workspace.coding_from(payload, coder_id), self.workspace.codebook)
        )
        return JSONResponse({"saved_at": saved.saved_at})

    async def undo(self, request: Request) -> Response:
        """Take the last save of a passage back and give what was there before."""
        from starlette.responses import JSONResponse

        payload = await _read(request)
        coder_id = ADJUDICATED if payload.get("mode") == "adjudicate" else coder_id_of(str(payload.get("coder", "")))
        before = self._try(lambda: self.workspace.hand.undo(coder_id, str(payload.get("passage_id", ""))))
        return JSONResponse(_state_of(before))

    async def reveal(self, request: Request) -> Response:
        """Record that the machine's proposal is shown, then show it."""
        from starlette.responses import JSONResponse

        payload = await _read(request)
        if self.is_blind:
            return JSONResponse({"error": messages(self._lang(request))["mode_blind"]}, 403)
        passage_id = str(payload.get("passage_id", ""))
        if passage_id not in self.workspace.rows:
            raise UsageError(f"no passage {passage_id}")
        coder_id = ADJUDICATED if payload.get("mode") == "adjudicate" else coder_id_of(str(payload.get("coder", "")))
        self._try(lambda: self.workspace.hand.reveal(coder_id, passage_id))
        return JSONResponse({"proposal": self.workspace.proposal(passage_id)})

    def _try(self, write: Callable[[], Any]) -> Any:
        try:
            return write()
        except OSError as error:
            raise UsageError(
                f"could not be written to {self.workspace.hand.file}: {error.strerror or error}"
            ) from error

    # -- parts ---------------------------------------------------------------------------------------------------

    def _page(self, request: Request, template: str, **parts: Any) -> Response:
        from starlette.responses import HTMLResponse

        language = self._lang(request)
        other = LANGUAGES[1 - LANGUAGES.index(language)]
        query = {k: v for k, v in request.query_params.items() if k not in ("token", "lang")}

        def link(path: str, **more: str) -> str:
            kept = {k: str(query[k]) for k in ("coder", "sample") if k in query}
            return f"{path}?{urlencode(kept | more | {'lang': language})}"

        html = self.templates.get_template(template).render(
            t=messages(language), language=language, html_language="zh-Hans" if language == "zh" else "en", link=link,
            other_language=f"{request.url.path}?{urlencode(query | {'lang': other})}", token=self.token,
            is_blind=self.is_blind, codebook=self.workspace.codebook, keys=self.keys, path=request.url.path, prefix=PREFIX,
            label=lambda code: _label(code, language), facets=self.workspace.codebook.facets, **parts,
        )  # fmt: skip
        return HTMLResponse(html)

    def _code_state(self, code: Code) -> dict[str, Any]:
        return {"code": code.code, "key": self.keys.get(code.code, ""), "scale_max": code.scale_max}

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Say what is wrong with a request in the language of its page."""
        from starlette.responses import JSONResponse, PlainTextResponse

        said = worded_error(str(error), self._lang(request))
        return JSONResponse({"error": said}, 400) if request.method == "POST" else PlainTextResponse(said, 400)

    def _lang(self, request: Request) -> str:
        given = request.query_params.get("lang", self.language)
        return given if given in LANGUAGES else "en"

    def _coder(self, request: Request) -> str:
        return coder_id_of(request.query_params.get("coder", ""))

    def _sample(self, request: Request) -> str:
        return request.query_params.get("sample") or self.workspace.samples[0]

    def _is_done(self, coder_id: str, passage_id: str) -> bool:
        coding = self.workspace.hand.get(coder_id, passage_id)
        return coding is not None and coding.is_done


async def _read(request: Request) -> dict[str, Any]:
    try:
        payload = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise UsageError("the request is not JSON") from error
    if not isinstance(payload, dict):
        raise UsageError("the request is not a JSON object")
    return payload


def _state_of(coding: HandCoding | None) -> dict[str, Any]:
    """What the page needs to know of a judgement."""
    if coding is None:
        return {"values": {}, "evidence": [], "comment": "", "is_done": False, "is_saved": False}
    spans = [{"code": e.code, "start": e.start, "end": e.end, "quote": e.quote} for e in coding.evidence]
    return {
        "values": dict(coding.values), "evidence": spans, "comment": coding.comment, "is_done": coding.is_done,
        "is_saved": bool(coding.saved_at),
    }  # fmt: skip


def _prefilled(passage_id: str, same: dict[str, int], codings: list[HandCoding]) -> HandCoding:
    """Start an adjudication from what all agreed on, with the words they marked for it."""
    evidence = dict.fromkeys(e for coding in codings for e in coding.evidence if e.code in same)
    return HandCoding(passage_id=passage_id, coder_id=ADJUDICATED, values=same, evidence=tuple(evidence), is_done=False)


def _label(code: Code, language: str) -> str:
    return (code.label_zh if language == "zh" else code.label_en) or code.label_en or code.code
