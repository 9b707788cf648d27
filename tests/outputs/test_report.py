"""report.html in a browser: nothing runs that should not, nothing is fetched, and every number and highlight is right."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from io import BytesIO

import pytest
from lxml import etree
from PIL import Image

from xietong.marked import marked_in_steps
from xietong.report import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
#: Each of these, as text, title, file name or label, must stay words.
PAYLOADS = (
    "<script>hostilexss_run()</script>", "</script><script>hostilexss_run()</script>", "<img src=x onerror=hostilexss_run()>",
    '"><svg onload=hostilexss_run()>', "javascript:hostilexss_run()", "</title><script>hostilexss_run()</script>",
    "<!--<script>", "]]><script>hostilexss_run()</script>", "{{constructor.constructor('hostilexss_run()')()}}",
    "${hostilexss_run()}", "\u2028hostilexss_run()", "</style><script>hostilexss_run()</script>", "{{script}}", "$&",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as program:
        browser = program.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(run, tmp_path_factory):
    return write_report(run, tmp_path_factory.mktemp("report") / "report.html", lang="en")


def _open(browser, file, seen: list[str], *, width: int = 1280, address: str = ""):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:")) or seen.append(request.url))
    page.add_init_script("window.ran = 0; window.hostilexss_run = () => { window.ran += 1; };")
    page.goto(f"file://{file}{address}")
    page.wait_for_selector("html[data-ready=true]", timeout=20_000)
    return page


@pytest.fixture
def page(browser, report):
    seen: list[str] = []
    page = _open(browser, report, seen)
    yield page
    assert page.evaluate("window.ran") == 0
    page.close()
    assert seen == []


@pytest.mark.parametrize("width", [1280, 390])
def test_report_opens_without_error_request_or_sideways_scroll(browser, report, width):
    seen: list[str] = []
    page = _open(browser, report, seen, width=width)
    assert page.locator("h2:visible").count() >= 7
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
    assert seen == []


def test_policy_allows_only_the_page_s_own_script_and_style(report):
    text = report.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r'(src|href)\s*=\s*"(https?:)?//', text)
    assert not re.search(r"\sstyle=|\son[a-z]+=\"", text.split("<script")[0])


def test_what_failed_is_shown_with_its_reason(page):
    assert "broken.pdf" in page.locator("#read .table").inner_text()
    assert "the PDF is damaged" in page.locator("#read .table").inner_text()


def test_counts_are_those_of_the_table(page, wide):
    page.locator("#coded details").first.evaluate("e => { e.open = true; }")
    rows = page.locator("#coded details").first.locator("tbody tr").all_inner_texts()
    planning = sum(row["path_planning"] > 0 for row in wide)
    synergy = sum(row["path_planning"] > 1 for row in wide)
    assert rows[0].split("\t")[:3] == ["Planning", str(planning), str(synergy)]
    both = sum(row["path_planning"] > 0 and row["mechanism_market"] > 0 for row in wide)
    assert page.locator("#crossed .cell").first.get_attribute("aria-label") == f"Planning × Market: {both}"


def test_themes_and_synergies_have_a_figure_each_and_are_named_with_the_codes(page, wide):
    paths = [max(row["path_planning"], row["path_ecology"]) for row in wide]
    coded = page.evaluate("facts.totals.coded")
    shown = page.locator("#coded .tile").all_inner_texts()
    for least, words in ((1, "have a theme of “Synergy paths” (1 or 2)"), (2, "have a synergy of “Synergy paths” (2)")):
        assert f"{100 * sum(value >= least for value in paths) / coded:.0f} %\n{words}" in shown
    assert any("hold a code of “Mechanisms”" in text for text in shown)
    for place, row in enumerate(wide):
        said = {1: ["Planning · theme (1)"], 2: ["Planning · synergy (2)"]}.get(row["path_planning"], [])
        page.evaluate("(row) => choose(row)", place)
        for where in (".detail .tag", ".detail dt"):
            assert [text for text in page.locator(where).all_inner_texts() if "Planning" in text] == said


@pytest.mark.parametrize(
    ("control", "value", "holds"),
    [
        ("#by-code-0", "0", lambda row: row["path_planning"] > 0),
        ("#by-code-0", "3", lambda row: row["mechanism_support"] > 0),
        ("#by-year", "2024", lambda row: row["year"] == 2024),
        ("#by-region", "云岭省", lambda row: row["region"] == "云岭省"),
        ("#by-kind", "footnote", lambda row: row["kind"] == "footnote"),
    ],
)
def test_filters_give_the_right_passages(page, wide, control, value, holds):
    page.select_option(control, value)
    ids = page.evaluate("[...found].map((row) => data.ids[row])")
    assert ids == [row["passage_id"] for row in wide if holds(row)]
    assert page.locator("#passages .count").inner_text() == f"{len(ids)} of {len(wide)} passages"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("区域", 1),
        ("區域", 1),
        ("统一市场", 2),
        ("統一市場", 2),
        ("JOINT PLAN", 1),
        ("market joint", 1),
        ("ｐｌａｎ", 2),
        ("没有", 0),
        ("🏞️", 1),
    ],
)
def test_search_finds_words_in_any_script_width_and_case(page, words, count):
    page.fill("#by-text", words)
    assert page.evaluate("found.length") == count


def test_highlights_are_exactly_the_evidence(page, run):
    expected = {}
    for rows, highlights in marked_in_steps(run):
        for row, marks in zip(rows.to_pylist(), highlights, strict=True):
            expected[row["passage_id"]] = [
                row["reading"][m.start : m.end] for m in sorted(marks, key=lambda m: m.start)
            ]
    for place, (identity, words) in enumerate(expected.items()):
        page.evaluate("(row) => choose(row)", place)
        assert page.evaluate("data.ids[chosen]") == identity
        assert page.locator(".detail .text mark").all_inner_texts() == words


def test_the_chosen_passage_is_shown_whole(page, wide):
    for place, row in enumerate(wide):
        page.evaluate("(row) => choose(row)", place)
        shown = page.locator(".detail .text").evaluate("e => e.textContent")
        assert shown == row["reading"]


def test_keys_alone_move_through_the_passages(page):
    page.locator(".list").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert page.evaluate("chosen") == 1
    assert page.locator('.row[aria-selected="true"]').get_attribute("aria-posinset") == "2"
    page.keyboard.press("End")
    assert page.evaluate("chosen") == page.evaluate("data.rows") - 1


def test_every_control_can_be_reached_by_tab_and_has_a_name(page):
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, a[href], [tabindex='0']")].filter((e) => {
            const name = e.getAttribute("aria-label") || e.textContent || (e.labels && [...e.labels].map((l) => l.textContent).join(""));
            return !name || !name.trim();
        }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []


def test_a_heat_map_cell_opens_its_passages(page, wide):
    page.locator("#crossed .cell").first.focus()
    page.keyboard.press("Enter")
    ids = page.evaluate("[...found].map((row) => data.ids[row])")
    assert ids == [row["passage_id"] for row in wide if row["path_planning"] and row["mechanism_market"]]


def test_a_click_on_a_heat_map_cell_opens_its_passages(page, wide):
    page.locator("#crossed .cell").nth(3).click(force=True)
    ids = page.evaluate("[...found].map((row) => data.ids[row])")
    assert ids == [row["passage_id"] for row in wide if row["path_ecology"] and row["mechanism_support"]]


def test_the_language_switch_changes_every_text(page):
    page.click("#language")
    assert page.locator("h1").inner_text() == "政策文本语段编码报告"
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    texts = page.locator("h2:visible, .about:visible, .tile span, label, button:visible").all_inner_texts()
    chinese = [text for text in texts if re.search("[\u4e00-\u9fff]", text)]
    allowed = {"English", ""}
    assert [
        text
        for text in texts
        if text not in chinese and text not in allowed and "plan" not in text and "cmd" not in text
    ] == []
    page.click("#language")
    assert page.locator("h1").inner_text() == "Coded policy passages"


def test_light_and_dark_are_readable(page):
    for _ in range(2):
        contrast = page.evaluate(
            """() => { const light = (c) => { const [r, g, b] = c.match(/\\d+/g).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
            const paper = light(getComputedStyle(document.body).backgroundColor), out = [];
            for (const e of document.querySelectorAll("h2, .about, .tile span, .trail")) { const ink = light(getComputedStyle(e).color); out.push((Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)); }
            return Math.min(...out); }"""
        )
        assert contrast > 4.5
        page.click("#theme")


def test_a_link_to_a_passage_opens_it(browser, report, wide):
    seen: list[str] = []
    page = _open(browser, report, seen, address=f"#{wide[2]['passage_id']}")
    assert page.evaluate("data.ids[chosen]") == wide[2]["passage_id"]
    assert "上下游" in page.locator(".detail").inner_text()
    page.close()
    assert seen == []


def _dated_run(write_run, folder, years):
    """A run of one document a year given, each with another share of passages that hold a code."""
    words = [("planning", "plan")]
    texts = [("", "body", f"{at} plan", None, {"planning": 1} if at % 2 else {}, words[: at % 2]) for at in range(4)]
    passages = {f"d{at}": texts[: 2 + at % 3] for at in range(len(years))}
    about = {f"d{at}": {"file": f"{at}.txt", "language": "en", "year": year} for at, year in enumerate(years)}
    return write_run(folder, passages, about)


def _places(page, shape, attribute, pattern):
    """Places across, rounded, in one attribute of the shapes of the first chart of attention."""
    panel = page.locator(f"#attention .{shape}.role-mark").first
    texts = panel.locator("path, line").evaluate_all(f"all => all.map((e) => e.getAttribute('{attribute}'))")
    return [[round(float(place), 1) for place in re.findall(pattern, text)] for text in texts]


def test_the_band_breaks_off_where_a_year_has_one_document(browser, tmp_path, write_run):
    seen: list[str] = []
    dated = _dated_run(write_run, tmp_path / "run", (2020, 2020, 2021, 2021, 2022, 2023, 2023))
    page = _open(browser, write_report(dated, tmp_path / "report.html", lang="en"), seen)
    x2020, x2021, _, x2023 = (x for (x,) in _places(page, "mark-symbol", "transform", r"translate\((-?[\d.]+)"))
    (band,) = _places(page, "mark-area", "d", r"[ML](-?[\d.]+)")
    assert band[:4] == [x2020, x2021, x2021, x2020]
    assert set(band[4:]) <= {x2023}  # of no width, so a rule stands there
    assert _places(page, "mark-rule", "transform", r"translate\((-?[\d.]+)") == [[x2023]]
    page.close()
    assert seen == []


def _saved(page, place, name, folder):
    with page.expect_download() as download:
        page.locator(f"{place} .save", has_text=name).first.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file.read_bytes()


@pytest.mark.parametrize("place", ["#coded", "#crossed", "#attention"])
def test_charts_can_be_saved_as_svg_and_png(page, tmp_path, place):
    svg = _saved(page, place, "Save as SVG", tmp_path)
    drawing = etree.fromstring(svg)
    words = {"".join(text.itertext()) for text in drawing.iter("{*}text")}
    assert "Planning" in words
    assert b"var(" not in svg
    assert b"1f5fa8" in svg.lower()  # the colour of a synergy on white
    image = Image.open(BytesIO(_saved(page, place, "Save as PNG", tmp_path)))
    assert image.size == tuple(2 * round(float(drawing.get(side))) for side in ("width", "height"))
    assert len(image.convert("RGB").getcolors(1 << 20)) > 20


def test_charts_follow_the_theme_and_are_saved_in_it(page, tmp_path):
    page.click("#theme")
    assert page.locator("#crossed .cell").first.evaluate("e => getComputedStyle(e).fill") == "rgb(122, 180, 238)"
    svg = _saved(page, "#coded", "Save as SVG", tmp_path)
    assert b"#7ab4ee" in svg
    assert b'fill="#14181d"' in svg


def test_each_chart_has_a_name_and_its_data_table(page):
    charts = page.locator(".chart").evaluate_all(
        """all => all.map((e) => ({ role: e.querySelector(".scroll").getAttribute("role"), name: e.querySelector(".scroll").getAttribute("aria-label"),
            drawn: e.querySelectorAll("svg path, svg text").length, rows: e.querySelectorAll("details tbody tr").length }))"""
    )
    assert [chart["role"] for chart in charts] == ["img", "img", "group", "img"]
    assert all(chart["name"] and chart["drawn"] > 5 and chart["rows"] for chart in charts)


def test_on_paper_every_chart_is_whole_and_on_white(browser, report):
    seen: list[str] = []
    page = _open(browser, report, seen)
    page.click("#theme")
    page.emulate_media(media="print")
    page.evaluate("document.body.style.width = '700px'")  # a sheet is laid out anew without a resize
    edges = page.locator(".chart svg").evaluate_all("all => all.map((e) => e.getBoundingClientRect().right)")
    assert len(edges) == 4
    assert max(edges) <= 700
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#crossed .cell").first.evaluate("e => getComputedStyle(e).fill") == "rgb(31, 95, 168)"
    page.close()
    assert seen == []


def test_codes_of_the_same_name_keep_a_bar_and_a_row_each(browser, tmp_path, run):
    from dataclasses import replace

    from xietong.runs import Run, write_codebook

    shutil.copytree(run.folder, tmp_path / "run")
    same = Run(tmp_path / "run")
    codes = tuple(replace(code, label_en="Same", label_zh="同名") for code in same.codebook.codes)
    write_codebook(replace(same.codebook, codes=codes), same.folder)
    seen: list[str] = []
    page = _open(browser, write_report(Run(same.folder), tmp_path / "report.html", lang="en"), seen)
    assert page.locator("#coded .chart").first.locator("text", has_text="Same").count() == 2
    assert page.locator("#crossed .cell").count() == 4
    page.close()
    assert seen == []


def test_the_chart_library_ends_where_its_script_ends(report):
    from xietong.report import _chart_library

    library = _chart_library()
    assert "</script" not in library.lower()
    assert report.read_text(encoding="utf-8").count(library) == 1
    assert len(library) < 1_000_000


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_runs_wherever_it_stands(browser, tmp_path, write_run, payload):
    from dataclasses import replace

    from xietong.runs import write_codebook

    passages = {"x": [(payload, "body", f"{payload} plan", None, {"planning": 1}, [("planning", payload)])]}
    about = {"file": payload, "language": "en", "title": payload, "region": payload, "level": payload, "issuer": payload,
             "year": 2024, "批次": payload}  # fmt: skip
    failed = {"file": f"{payload}.pdf", "status": "failed", "reason": payload}
    run = write_run(tmp_path / "run", passages, {"x": about, "y": failed})
    codes = [replace(code, label_en=payload, label_zh=payload, definition=payload) for code in run.codebook.codes]
    write_codebook(replace(run.codebook, codes=tuple(codes), name=payload), run.folder)
    run.__dict__.pop("codebook")
    file = write_report(run, tmp_path / "report.html", lang="en")
    seen: list[str] = []
    page = _open(browser, file, seen)
    page.locator("details").evaluate_all("all => all.forEach((e) => { e.open = true; })")
    page.evaluate("choose(0)")
    page.click("#language")
    page.wait_for_timeout(50)
    assert page.evaluate("window.ran") == 0
    assert page.evaluate("facts.documents.title[0]") == payload
    assert page.locator(".detail .text mark").all_inner_texts()[0].strip() == payload.strip()
    page.close()
    assert seen == []


def test_the_report_is_the_same_each_time_and_says_nothing_of_the_place(run, report, tmp_path):
    again = write_report(run, tmp_path / "again.html", lang="en")
    assert again.read_bytes() == report.read_bytes()
    assert str(run.folder) not in again.read_text(encoding="utf-8")


def test_the_facts_are_json_that_no_html_parser_ends_early(report):
    facts = re.search(
        r'<script type="application/json" id="facts">(.*?)</script>', report.read_text(encoding="utf-8"), re.S
    )[1]
    assert "<" not in facts
    assert json.loads(facts)["documents"]["title"][2] == "</title><script>hostilexss_run()</script>"


def test_a_larger_run_shows_a_stated_sample(browser, run, tmp_path, monkeypatch):
    monkeypatch.setattr("xietong.report.facts.MOST_PASSAGES", 5)
    seen: list[str] = []
    page = _open(browser, write_report(run, tmp_path / "report.html", lang="en"), seen)
    assert page.locator("#shown").inner_text().startswith("5 of the run's 12 passages, drawn at random")
    assert page.evaluate("data.rows") == 5
    page.close()
    assert seen == []
