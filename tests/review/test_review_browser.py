"""The review page in a browser: coding by keyboard alone, evidence, undo, adjudication, and hostile passages as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from xietong.agreement import agree
from xietong.hand_codes import ADJUDICATED, HandCodes
from xietong.hand_codes.samples import save_sample
from xietong.runs import Run
from xietong.sampling import SampleOptions, draw_sample, split_among_coders


class Desk:
    """A coder at the keyboard; the mouse is never used."""

    def __init__(self, browser: Any, server: Any, language: str = "en") -> None:
        self.server, self.language = server, language
        self.page = browser.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.troubles.append(message.text))
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(server.url)

    def sit_down(self, name: str) -> None:
        self.page.goto(f"{self.server.base}/?lang={self.language}")
        self.page.wait_for_function("() => document.activeElement.name === 'coder'")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("[data-ready]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def passage(self) -> str:
        return json.loads(self.page.get_attribute("#desk", "data-state"))["passage_id"]

    def confirm(self) -> bool:
        """Confirm and say whether there is another passage."""
        known = self.passage()
        self.press("Enter")
        self.page.wait_for_function(
            "known => { const d = document.getElementById('desk'); return document.getElementById('finished')"
            " || d && d.dataset.ready && JSON.parse(d.dataset.state).passage_id !== known }",
            arg=known,
        )
        return self.page.query_selector("#finished") is None


def with_sample(run: Run, n: int, overlap: float) -> Run:
    passages = run.table("passages").to_pandas()
    sample = draw_sample(passages, options=SampleOptions(n=n))
    save_sample(
        run.folder, "first", sample, split_among_coders(sample, ["AB", "李"], overlap=overlap), {"method": "simple"}
    )
    return run


@pytest.mark.parametrize(("n", "overlap"), [(6, 0.5), pytest.param(50, 1.0, marks=pytest.mark.slow)])
def test_two_coders_code_by_keyboard_alone_and_a_third_decides(
    browser: Any, serve: Callable, make_run: Callable, n: int, overlap: float
) -> None:
    run = with_sample(make_run(), n, overlap)
    server = serve(run)
    expected: dict[str, dict[str, dict[str, int]]] = {"AB": {}, "李": {}}
    for name, language in (("AB", "en"), ("李", "zh")):
        desk = Desk(browser, server, language)
        desk.sit_down(name)
        is_more, i = True, 0
        while is_more:
            desk.press("1", "1", *(["q"] if name == "AB" or i % 3 else []), "4")
            desk.press(" ", "ArrowRight", "Shift+ArrowRight", "4")  # two words as evidence for transport
            expected[name][desk.passage()] = {"planning": 2, "transport": 1} | (
                {"market": 1} if name == "AB" or i % 3 else {}
            )
            is_more, i = desk.confirm(), i + 1
        assert desk.troubles == []
        desk.page.close()
    hand = HandCodes(run.folder)
    for name, passages in expected.items():
        for passage_id, values in passages.items():
            coding = hand.get(f"hand:{name}", passage_id)
            assert coding is not None
            assert coding.is_done
            assert coding.values == values
            (span,) = coding.evidence
            assert span.code == "transport"
            text = run.text(run.table("passages").to_pandas().set_index("passage_id").loc[passage_id, "document_id"])
            assert span.quote == text[span.start : span.end]
    shared = set(expected["AB"]) & set(expected["李"])
    assert len(shared) == round(n * overlap)
    differing = {p for p in shared if expected["AB"][p] != expected["李"][p]}
    assert differing
    judge = Desk(browser, server)
    judge.page.goto(f"{server.base}/disagreements")
    judge.page.focus("input[name=coder]")
    judge.page.keyboard.type("王")
    judge.press("Enter")
    judge.page.wait_for_selector("[data-ready]")
    is_more = True
    while is_more:
        assert judge.page.locator(".code.differ").count() == 1
        judge.press("q")  # market, on which they differ
        is_more = judge.confirm()
    assert judge.troubles == []
    settled = [c for c in HandCodes(run.folder) if c.coder_id == ADJUDICATED]
    assert {c.passage_id for c in settled} == differing
    assert all(c.values == {"planning": 2, "transport": 1, "market": 1} and c.by == "王" for c in settled)
    table = agree(HandCodes(run.folder).tags(run.codebook), codebook=run.codebook, coders=["hand:AB", "hand:李"])
    assert table.set_index(["code", "level"]).loc[("planning", ">=2"), "percent"] == 1.0
    judge.page.goto(f"{server.base}/progress")
    assert "李" in judge.page.text_content("table")
    judge.page.close()


def test_value_evidence_comment_and_undo_are_on_disk_when_the_page_says_so(browser: Any, serve: Callable) -> None:
    server = serve()
    desk = Desk(browser, server)
    desk.sit_down("AB")
    passage = desk.passage()

    def stored() -> Any:
        desk.page.wait_for_selector("#status.saved")
        return HandCodes(server.folder).get("hand:AB", passage)

    desk.press("1")
    assert stored().values == {"planning": 1}
    assert not stored().is_done
    desk.press(" ", "Shift+ArrowRight", "Shift+ArrowRight", "w")
    desk.page.wait_for_function("() => document.querySelectorAll('.w.marked').length >= 2")
    desk.page.wait_for_timeout(300)
    assert stored().values == {"planning": 1, "cooperation": 1}
    assert len(stored().evidence) == 1
    desk.press("/")
    desk.page.keyboard.type("边界个案 1q?")  # keys in the comment are text
    desk.press("Enter")
    desk.page.wait_for_timeout(300)
    assert stored().comment == "边界个案 1q?"
    assert stored().values == {"planning": 1, "cooperation": 1}
    desk.press("w")  # 1 -> 0: the evidence goes with the code
    desk.page.wait_for_timeout(300)
    assert stored().values == {"planning": 1}
    assert stored().evidence == ()
    desk.press("z")
    desk.page.wait_for_function("() => document.querySelectorAll('.w.marked').length >= 2")
    assert stored().values == {"planning": 1, "cooperation": 1}
    desk.page.reload()
    desk.page.wait_for_selector("[data-ready]")
    assert desk.page.input_value("#comment") == "边界个案 1q?"
    assert desk.page.get_attribute("[data-code=planning]", "data-value") == "1"
    assert desk.troubles == []
    desk.page.close()


def test_page_does_not_say_saved_while_the_server_is_gone_and_saves_when_it_is_back(
    browser: Any, serve: Callable
) -> None:
    server = serve()
    desk = Desk(browser, server)
    desk.sit_down("AB")
    passage = desk.passage()
    server.kill()
    desk.press("1")
    desk.page.wait_for_selector("#status.failed")
    server.start()
    desk.page.wait_for_selector("#status.saved", timeout=15_000)
    found = HandCodes(server.folder).get("hand:AB", passage)
    assert found is not None
    assert found.values == {"planning": 1}
    desk.page.close()


def test_machine_proposal_is_shown_where_allowed_and_recorded(browser: Any, serve: Callable) -> None:
    server = serve(is_blind=False)
    desk = Desk(browser, server)
    desk.sit_down("AB")
    passages = HandCodes(server.folder)
    for _ in range(40):  # to a passage that the machine coded
        if desk.page.locator(".proposed:not([hidden])").count():
            break
        desk.press("ArrowRight")
        desk.page.wait_for_selector("[data-ready]")
        desk.page.wait_for_timeout(150)
    assert desk.page.locator(".proposed:not([hidden])").count()
    passage = desk.passage()
    desk.press("2")
    desk.page.wait_for_selector("#status.saved")
    passages = HandCodes(server.folder)
    coding = passages.get("hand:AB", passage)
    assert coding is not None
    assert coding.has_seen_machine
    desk.page.close()


def test_hostile_passages_titles_and_sections_are_shown_as_text(
    browser: Any, serve: Callable, make_run: Callable
) -> None:
    run = make_run(hostile=True)
    server = serve(run)
    desk = Desk(browser, server)
    ran: list[str] = []
    desk.page.expose_function("hostilexss_run", lambda *_: ran.append("ran"))
    outside: list[str] = []
    desk.page.on("request", lambda request: request.url.startswith(server.base) or outside.append(request.url))
    desk.sit_down("AB")
    passages = run.table("passages").to_pandas().query("document_id == 'dx'")
    for row in passages.itertuples():
        desk.page.goto(f"{server.base}/code?coder=AB&passage={row.passage_id}")
        desk.page.wait_for_selector("[data-ready]")
        shown = desk.page.text_content("#passage")
        # a browser shows U+0000 as U+FFFD; all else is the text itself
        assert shown == row.text.replace("\x00", "\ufffd"), row.text
        desk.press("1", "/")
        desk.page.keyboard.insert_text(row.text.replace("\x00", ""))
        desk.press("Enter")
        desk.page.wait_for_selector("#status.saved")
    for path in (
        "/disagreements",
        "/progress",
        "/codebook",
        "/",
        "/code?coder=<script>hostilexss_run()</script>",
        '/code?coder=AB&lang="><script>',
    ):
        desk.page.goto(server.base + path)
    assert ran == []
    assert outside == []
    assert desk.page.evaluate("document.querySelectorAll('img, iframe, svg').length") == 0
    desk.page.close()
