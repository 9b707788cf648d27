"""The method section of a paper, from the tables of a run, as Markdown and DOCX, in Chinese and English."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xietong.methods_section.blocks import to_markdown
from xietong.methods_section.text import methods_text

if TYPE_CHECKING:
    from xietong.runs import Run

__all__ = ["methods_text", "to_markdown", "write_methods"]


def write_methods(
    run: Run, *, languages: tuple[str, ...] = ("zh", "en"), folder: str | Path | None = None
) -> list[Path]:
    """Write ``methods_LANGUAGE.md`` and ``.docx`` for each language; in the run folder by default. Give the files."""
    from xietong.assessment import Assessment
    from xietong.hand_codes import HandCodes
    from xietong.methods_section.docx_file import write_docx

    folder = Path(folder or run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    assessment = Assessment(run) if any(coding.is_done for coding in HandCodes(run.folder)) else None
    written = []
    for language in languages:
        blocks = methods_text(run, language=language, assessment=assessment)
        file = folder / f"methods_{language}.md"
        file.write_text(to_markdown(blocks), encoding="utf-8")
        written += [file, write_docx(blocks, file.with_suffix(".docx"))]
    return written
