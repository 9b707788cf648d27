"""The tutorial, in both languages, says the same and works as written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    name: (ROOT / "pipeline" / "docs" / name).read_text(encoding="utf-8") for name in ("tutorial.md", "tutorial.zh.md")
}


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of each block of code."""
    return re.findall(r"```(sh|python)\n(.*?)```", text, flags=re.DOTALL)


def xietong(line: str, folder: Path) -> str:
    arguments = line.split()
    assert arguments[0] == "xietong"
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


def code_some_on_the_page(line: str, folder: Path) -> int:
    """Serve the page as the tutorial says, save five judgements as a browser would, stop it."""
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", *line.split()], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        stop = threading.Timer(900, server.kill)  # a busy machine takes long to start it
        stop.start()
        assert server.stdout
        address = server.stdout.readline().strip()
        base, token = address.split("/?token=")
        port = base.rsplit(":", 1)[1]
        split = pd.read_csv(folder / "outputs/tutorial/hand/samples/first.csv", encoding="utf-8-sig", dtype=str)
        own = split[split["coder"] == "AB"]["passage_id"].head(5)
        for passage_id in own:
            body = {
                "coder": "AB",
                "mode": "code",
                "passage_id": passage_id,
                "values": {},
                "evidence": [],
                "is_done": True,
            }
            headers = {
                "Origin": base, "Content-Type": "application/json", "X-Xietong-Token": token,
                "Cookie": f"xietong_{port}={token}",
            }  # fmt: skip
            request = urllib.request.Request(f"{base}/save", json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert json.load(answer)["saved_at"]
        return len(own)
    finally:
        stop.cancel()
        server.terminate()
        server.wait(timeout=30)
        assert server.stdout
        server.stdout.close()


def fill_sheets(folder: Path) -> None:
    """Two people code in Excel: what the machine found, with misses and slips of their own."""
    wide = pd.read_csv(folder / "outputs/tutorial/passages.csv", encoding="utf-8-sig", dtype=str).set_index(
        "passage_id"
    )
    truth, slips = np.random.default_rng(1), np.random.default_rng(2)
    missed = {p: truth.random() < 0.2 for p in wide.index}
    for coder in ("AB", "李"):
        file = folder / f"outputs/tutorial/hand/samples/first_{coder}.xlsx"
        book = openpyxl.load_workbook(file)
        sheet = book["coding"]
        header = [cell.value.partition("\n")[0] for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            machine = wide.loc[row[0].value]
            for cell, name in zip(row, header, strict=True):
                if name.startswith(("path_", "mechanism_")):
                    value = int(machine[name] or 0) if not missed[row[0].value] else 0
                    cell.value = 1 - min(value, 1) if slips.random() < 0.03 else value
        book.save(file)


def test_both_languages_give_the_same_commands() -> None:
    assert blocks(TEXTS["tutorial.md"]) == blocks(TEXTS["tutorial.zh.md"])
    assert len(blocks(TEXTS["tutorial.md"])) >= 7


def test_tutorial_works_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "corpora" / "sample", tmp_path / "corpora" / "sample")
    out = tmp_path / "outputs" / "tutorial"
    n_on_page, printed = 0, ""
    for language, content in blocks(TEXTS["tutorial.md"]):
        if language == "python":
            done = subprocess.run(
                [sys.executable, "-c", content], cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            printed = done.stdout
            continue
        for line in content.strip().splitlines():
            if line == "xietong review outputs/tutorial":
                n_on_page = code_some_on_the_page(line, tmp_path)
                fill_sheets(tmp_path)
            else:
                xietong(line, tmp_path)
    assert n_on_page == 5
    assert "is_provincial" in printed
    shares = pd.read_csv(out / "agreement" / "shares.csv", encoding="utf-8-sig")
    assert shares["corrected"].notna().any()
    agreement = pd.read_csv(out / "agreement" / "agreement.csv", encoding="utf-8-sig")
    assert agreement["alpha"].max() > 0.8
    assert set(agreement["advice"].dropna()) <= {"publish", "publish_with_care", "another_round", "too_rare"}
    trends = pd.read_parquet(out / "tables" / "trends.parquet")
    assert trends["corrected"].any()
    assert not trends["corrected"].all()
    for language in ("zh", "en"):
        text = (out / f"methods_{language}.md").read_text(encoding="utf-8")
        assert "AB" in text
        assert "nan" not in text
        assert (out / f"methods_{language}.docx").stat().st_size > 3000
    for named in set(re.findall(r"`((?:hand|agreement|tables|methods)[\w/._李]*\.\w+)`", TEXTS["tutorial.md"])):
        assert (out / named).is_file(), named
