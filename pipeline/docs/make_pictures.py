"""Makes the README's pictures from a run: the report in Chromium, the workbook as LibreOffice prints it.

    python pipeline/docs/make_pictures.py outputs/sample

Needs Playwright with a Chromium on this machine, LibreOffice, and Pillow.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
_WIDTH = 1100
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def picture_of_report(run: Path, target: Path) -> None:
    """Show the passage browser with a passage chosen: codes, highlights, the words each code rests on."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as program, tempfile.TemporaryDirectory() as folder:
        browser = program.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        page.goto((run / "report.html").resolve().as_uri())
        page.wait_for_selector("html[data-ready=true]")
        parts = []
        for name, prepare in (("crossed", "0"), ("passages", _CHOOSE)):
            page.evaluate(prepare)
            file = Path(folder) / f"{name}.png"
            page.locator(f"#{name}").screenshot(path=str(file))
            parts.append(Image.open(file).convert("RGB"))
        browser.close()
        sheet = Image.new("RGB", (parts[0].width, sum(part.height for part in parts) + 30), "white")
        sheet.paste(parts[0], (0, 0))
        sheet.paste(parts[1], (0, parts[0].height + 30))
        _save(sheet, target)


#: The passage with most codes among those that are easy to read at a glance.
_CHOOSE = """(() => {
    const n = facts.codes.length, sum = (row) => data.values.subarray(row * n, row * n + n).reduce((a, b) => a + b, 0);
    const fits = (row) => data.length[row] > 60 && data.length[row] < 220;
    query.kind = "body"; drawPassages();
    const best = [...found].filter(fits).sort((a, b) => sum(b) - sum(a) || a - b)[0];
    list.scrollTop = Math.max(0, found.indexOf(best) * ROW - ROW); choose(best);
})()"""


def picture_of_workbook(run: Path, target: Path) -> None:
    """Show the page of the workbook's passages that holds most codes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "soffice",
            "--headless",
            f"-env:UserInstallation=file://{folder}/profile",
            "--convert-to",
            "pdf",
            "--outdir",
        ]
        subprocess.run([*command, folder, str(run / "passages.xlsx")], check=True, capture_output=True)
        with pypdfium2.PdfDocument(Path(folder) / "passages.pdf") as pages:
            texts = [page.get_textpage().get_text_range() for page in pages]
            coded = [text.count("|") if text.startswith("passage_id") else -1 for text in texts]
            page = pages[max(range(len(coded)), key=lambda i: coded[i])]
            image = page.render(scale=2.6).to_pil().convert("RGB")
    _save(image.crop(_inked(image)), target)


def _inked(image: Image.Image) -> tuple[int, int, int, int]:
    left, top, right, bottom = image.convert("L").point(lambda v: 255 if v < 250 else 0).getbbox() or (
        0,
        0,
        *image.size,
    )
    right = left + (right - left) * 7 // 10  # as far as the codes
    return left - 8, top - 8, right, min(bottom, top + (right - left) // 2) + 8


def _save(image: Image.Image, target: Path) -> None:
    height = round(image.height * _WIDTH / image.width)
    small = image.resize((_WIDTH, height), Image.Resampling.LANCZOS).quantize(256)
    target.parent.mkdir(parents=True, exist_ok=True)
    small.save(target, optimize=True)
    print(target, f"{target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/sample")
    picture_of_report(run, PICTURES / "report.png")
    picture_of_workbook(run, PICTURES / "workbook.png")
