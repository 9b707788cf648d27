"""Writes report.html: one page about a run that works offline, in Chinese and English."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from xietong.messages import LANGUAGES, catalogue, message

if TYPE_CHECKING:
    from xietong.runs import Run

_SCRIPTS = ("core.js", "charts.js", "sections.js", "passages.js", "start.js")
_STYLES = ("style.css",)
_TEXT = re.compile(r'data-t="(\w+)">')
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def write_report(run: Run, target: str | Path, lang: str | None = None) -> Path:
    """Write the report of a run as one HTML file.

    Parameters
    ----------
    run : an opened run
    target : the file to write
    lang : ``en`` or ``zh``; None lets the page follow the reader's browser. Either way the page has a switch.

    Returns
    -------
    Path
        The target, complete; it is written beside and renamed. The same run gives the same bytes.
    """
    from xietong.report.facts import gather

    facts, packed = gather(run)
    language = lang or "en"
    facts["messages"] = {
        each: {key: texts[each] for key, texts in catalogue().items() if key.startswith("report_")}
        for each in LANGUAGES
    }
    facts["language"] = lang or ""
    charts, script, style = _chart_library(), _joined(_SCRIPTS), _joined(_STYLES)
    parts = {
        "language": "zh-Hans" if language == "zh" else language,
        "title": html.escape(message("report_title", language)),
        "policy": html.escape(
            f"default-src 'none'; script-src '{_hash(charts)}' '{_hash(script)}'; style-src '{_hash(style)}'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "charts": charts,
        "script": script,
        "facts": _json(facts),
        "packed": base64.b64encode(packed).decode("ascii"),
    }
    page = _TEXT.sub(lambda found: found[0] + html.escape(message(found[1], language)), _page("report.html"))
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.tmp")
    beside.write_text(_PLACE.sub(lambda found: parts[found[1]], page), encoding="utf-8", newline="\n")
    beside.replace(target)
    return target


@cache
def _chart_library() -> str:
    """Give Vega-Embed with Vega and Vega-Lite as one script that sets ``vegaEmbed``; 0.9 MB, made in 2 s, once a process."""
    import vl_convert

    # a scope of its own, because the bundle is a module; and no HTML parser may see its end before it comes
    bundle = vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script")
    return f"/* Vega, Vega-Lite, Vega-Embed: BSD-3-Clause, https://vega.github.io; D3: ISC */ {{{bundle}}}"


def _page(name: str) -> str:
    return (resources.files("xietong.report") / "page" / name).read_text(encoding="utf-8")


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(_page(name) for name in names)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _json(facts: dict) -> str:
    """Write JSON that no HTML parser can take for anything else."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\r", "\\r").replace("\0", "\\u0000")
