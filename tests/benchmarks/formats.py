"""What reading costs by format: the same text as TXT in four encodings, HTML, DOCX, CSV, JSONL and in a ZIP archive.

    python tests/benchmarks/formats.py --mb 1

Seconds by the clock per MB of text (UTF-8), from the file to the extracted text, in the parsing process of its own.
"""

from __future__ import annotations

import csv
import html
import io
import json
import statistics
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus import source_name, texts
from measuring import parser, print_row, report

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def as_html(text: str) -> bytes:
    """One paragraph a line."""
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in text.splitlines() if line.strip())
    return f"<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>{body}</body></html>".encode()


def as_docx(text: str) -> bytes:
    """One paragraph a line, nothing else."""
    paragraphs = (f"<w:p><w:r><w:t>{html.escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{"".join(paragraphs)}</w:body></w:document>'
    return zipped({"[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/document.xml": document})


def as_csv(text: str) -> bytes:
    """One row a line."""
    stream = io.StringIO()
    csv.writer(stream).writerows([("id", "text"), *enumerate(text.splitlines())])
    return stream.getvalue().encode()


def as_jsonl(text: str) -> bytes:
    """One object a line."""
    rows = ({"id": str(n), "text": line} for n, line in enumerate(text.splitlines()))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def zipped(files: dict[str, str]) -> bytes:
    """Put files into an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


#: name -> (ending, how a text is written)
FORMATS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "txt utf-8": ("txt", lambda text: text.encode()),
    "txt utf-16": ("txt", lambda text: text.encode("utf-16")),
    "txt gb18030": ("txt", lambda text: text.encode("gb18030")),
    "html": ("html", as_html),
    "docx": ("docx", as_docx),
    "csv": ("csv", as_csv),
    "jsonl": ("jsonl", as_jsonl),
    "zip of txt": ("zip", lambda text: zipped({"a.txt": text})),
}


def main() -> None:
    """Write the same documents in every format and read each."""
    from xietong.ingest.isolate import Reader

    options_of = parser(__doc__)
    options_of.add_argument("--mb", type=float, default=1.0)
    options_of.add_argument("--rounds", type=int, default=3)
    options = options_of.parse_args()
    documents = texts("zh-Hans", options.mb)
    size = sum(len(text.encode()) for text in documents) / 1e6
    print(f"texts: {source_name()}, zh-Hans, {size:.1f} MB in {len(documents)} documents")
    rows = []
    with TemporaryDirectory() as folder, Reader() as reader:
        for name, (ending, write) in FORMATS.items():
            files = _written(
                Path(folder) / ending / name.replace(" ", "_"), ending, [write(text) for text in documents]
            )
            seconds = [_read_all(reader, files) for _ in range(options.rounds)]
            rows.append({"format": name, "s per MB": statistics.median(seconds) / size, "file MB": _size(files)})
            print_row(rows[-1], is_first=len(rows) == 1)
    report(rows, options.json)


def _written(folder: Path, ending: str, contents: list[bytes]) -> Path:
    folder.mkdir(parents=True)
    for number, content in enumerate(contents):
        (folder / f"{number:04d}.{ending}").write_bytes(content)
    return folder


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def _read_all(reader: object, folder: Path) -> float:
    from xietong.ingest import find_sources

    sources = list(find_sources([folder]))
    start = time.perf_counter()
    documents = [document for source in sources for document in reader.read(source)]  # type: ignore[attr-defined]
    seconds = time.perf_counter() - start
    failed = [document.reason for document in documents if document.status == "failed"]
    if failed:
        raise RuntimeError(f"{folder}: {failed[0]}")
    return seconds


if __name__ == "__main__":
    main()
