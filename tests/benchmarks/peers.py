"""What others would do for a table of counts, beside Xietong's run on the same files: time and memory per GB of text.

    python tests/benchmarks/peers.py --mb 3

- ``jieba``: jieba, pandas and scikit-learn: cut every document into words, count the codebook's terms, one row a document
- ``spacy``: spaCy's blank Chinese pipeline with a PhraseMatcher of the terms, one row a document
- ``terms``: Xietong without its trained model and without the report: passages, evidence with places, CSV, workbook
- ``xietong``: Xietong as it is, with all coders and the report

All read the same UTF-8 files. The first two give counts by document and nothing that can be looked up; seconds per GB
are those of the size measured, times 1000 MB: starting up is in them, so measure at 10 MB or more for a plan.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus import source_name, write_folder
from measuring import measure_program, parser, print_row, report


def count_with_jieba(folder: Path, target: Path) -> None:
    """Count terms among jieba's words."""
    import jieba
    import pandas as pd
    from sklearn.feature_extraction.text import CountVectorizer

    terms = list_terms()
    for term in terms:
        jieba.add_word(term)
    files = sorted(folder.rglob("*.txt"))
    vectorizer = CountVectorizer(vocabulary=sorted(terms), analyzer=jieba.lcut, lowercase=False)
    counts = vectorizer.transform(file.read_text(encoding="utf-8") for file in files).tocsc()
    columns = dict.fromkeys(terms.values(), 0)
    for column, term in enumerate(sorted(terms)):
        columns[terms[term]] = columns[terms[term]] + counts[:, [column]].toarray().ravel()
    pd.DataFrame(columns, index=[file.name for file in files]).to_csv(target)


def count_with_spacy(folder: Path, target: Path) -> None:
    """Count terms with spaCy's PhraseMatcher."""
    import pandas as pd
    import spacy
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("zh")
    nlp.max_length = 10_000_000
    terms = list_terms()
    matcher = PhraseMatcher(nlp.vocab)
    for code in sorted(set(terms.values())):
        matcher.add(code, [nlp.make_doc(term) for term, of in terms.items() if of == code])
    files = sorted(folder.rglob("*.txt"))
    rows = []
    for document in nlp.pipe(_texts(files)):
        found = [nlp.vocab.strings[match[0]] for match in matcher(document)]
        rows.append({code: found.count(code) for code in sorted(set(terms.values()))})
    pd.DataFrame(rows, index=[file.name for file in files]).to_csv(target)


def _texts(files: list[Path]) -> Iterator[str]:
    return (file.read_text(encoding="utf-8") for file in files)


def list_terms() -> dict[str, str]:
    """Give the Chinese terms of the default codebook, each with one of its codes."""
    from xietong.codebook import read_codebook

    return {term.term: term.code for term in read_codebook("regional-coordination").terms if term.language == "zh"}


COUNTERS: dict[str, Callable[[Path, Path], None]] = {"jieba": count_with_jieba, "spacy": count_with_spacy}


def main() -> None:
    """Run each in a process of its own, one after another, on the same files."""
    options_of = parser(__doc__)
    options_of.add_argument("--mb", type=float, default=3.0, help="megabytes of Chinese text")
    options_of.add_argument("--count", nargs=3, metavar=("PEER", "FOLDER", "TARGET"), help="used by itself")
    options = options_of.parse_args()
    if options.count:
        peer, folder, target = options.count
        return COUNTERS[peer](Path(folder), Path(target))
    print(f"texts: {source_name()}, resampled zh-Hans, {options.mb} MB")
    rows = []
    with TemporaryDirectory() as folder:
        corpus = write_folder(Path(folder) / "corpus", "zh-Hans", options.mb)
        for name, command in _commands(corpus, Path(folder)).items():
            found = measure_program(command)
            rows.append(
                {"tool": name, "s per GB": found["seconds"] / options.mb * 1000, "peak MB": found["all_mb"], **found}
            )
            print_row(rows[-1], is_first=len(rows) == 1)
    return report(rows, options.json)


def _commands(corpus: Path, folder: Path) -> dict[str, list[str]]:
    counters = {
        name: [sys.executable, __file__, "--count", name, str(corpus), str(folder / f"{name}.csv")] for name in COUNTERS
    }
    run = [sys.executable, "-m", "xietong", "run", str(corpus), "--quiet", "--jobs", "1"]
    return counters | {
        "terms": [*run, "--model", "none", "--no-report", "--out", str(folder / "terms")],
        "xietong": [*run, "--out", str(folder / "all")],
    }


if __name__ == "__main__":
    main()
