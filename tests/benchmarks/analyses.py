"""Times the corpus-level analyses of a finished run, in processor seconds, beside one bare NMF and the run's own tagging.

python tests/benchmarks/analyses.py outputs/reports [50000]

Processor time of one process, so that other work on the machine does not count. The passages are repeated from the
start where the run has fewer than asked for (the copies as documents of their own).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from xietong.analysis import commands
from xietong.analysis.counts import coded_passages
from xietong.analysis.tokens import tokenise_passages
from xietong.analysis.topic_model import inverse_document_frequency, load_model, select_terms, weigh
from xietong.analysis.topics import TopicOptions
from xietong.runs import Run, open_run


def main(folder: str, n: int) -> None:
    """Print one line per analysis."""
    run = open_run(folder)
    passages = repeated(coded_passages(run.passages()).reset_index(drop=True), n)
    print(f"{len(passages)} coded passages, {passages['document_id'].nunique()} documents")
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "tables").mkdir()
        shown = Shown(run, passages, Path(place))
        topic_seconds = timed("topics, number chosen", lambda: commands.analyse_topics(shown, TopicOptions()))
        model = load_model(Path(place) / commands.MODEL)
        counts = select_terms(tokenise_passages(passages, lexicon=model.lexicon), model.terms)
        bare = timed(f"one bare NMF, {model.n_topics} topics", lambda: bare_nmf(counts, model.n_topics))
        print(f"topics / bare NMF: {topic_seconds / bare:.1f}", flush=True)
        others = timed("keywords", lambda: commands.analyse_keywords(shown))
        others += timed("trends, networks, reuse", lambda: commands.analyse_trends(shown))
        others += timed("kwic with collocates", lambda: commands.kwic(shown, "协同"))
        print(f"all but topics: {others:.0f} s")


class Shown(Run):
    """A run that shows other passages and writes elsewhere."""

    def __init__(self, run: Run, passages: pd.DataFrame, place: Path) -> None:
        super().__init__(place)
        self.original, self.shown = run, passages
        self.codebook = run.codebook

    def passages(self) -> pd.DataFrame:
        """Give the repeated passages."""
        return self.shown

    def documents(self) -> pd.DataFrame:
        """Give the run's documents."""
        return self.original.documents()


def repeated(passages: pd.DataFrame, n: int) -> pd.DataFrame:
    """Give exactly ``n`` passages, repeating documents under new ids where there are too few."""
    parts, size = [], 0
    while size < n:
        part = passages.copy()
        if parts:
            for name in ("document_id", "passage_id"):
                part[name] = part[name] + f"-{len(parts)}"
        parts.append(part)
        size += len(part)
    return pd.concat(parts, ignore_index=True).head(n)


def bare_nmf(counts: Any, n_topics: int) -> None:
    """Fit scikit-learn's NMF once, with its own defaults, on the same tf-idf matrix."""
    from sklearn.decomposition import NMF

    NMF(n_components=n_topics, random_state=0).fit_transform(weigh(counts, inverse_document_frequency(counts)))


def timed(name: str, call: Any) -> float:
    """Run and print the processor seconds."""
    start = time.process_time()
    call()
    spent = time.process_time() - start
    print(f"{spent:8.1f} s  {name}", flush=True)
    return spent


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 50_000)
