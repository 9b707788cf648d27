"""What the trained coders look at: words, the codebook's marks on them, and its measures of the whole passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.convolution import Marks
from xietong.coders.features import name_measures, passage_measures
from xietong.coders.marks import mark_words, name_marks
from xietong.coders.matching import Matcher
from xietong.coders.terms import Findings, find_terms
from xietong.coders.word_counts import WordNumbers, WordRows, count_words, number_words
from xietong.records import TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Inputs:
    """A batch as the trained coders see it.

    ``counts``: sparse, shape (n_passages, n_words + 1). ``measures``: shape (n_passages, n_measures), the measures of
    ``features.passage_measures`` on a logarithmic scale.
    """

    rows: WordRows
    counts: csr_matrix
    marks: Marks
    measures: NDArray[np.float64]

    def take(self, chosen: NDArray[np.int64]) -> Inputs:
        """Give the inputs of some of the passages, in the order of ``chosen``."""
        import numpy as np

        lengths = np.diff(self.rows.first)[chosen]
        first = np.concatenate([[0], np.cumsum(lengths)])
        shift = np.repeat(self.rows.first[chosen] - first[:-1], lengths)
        tokens = np.arange(int(first[-1])) + shift
        new_place = np.full(len(self.rows.numbers), -1, dtype=np.int64)
        new_place[tokens] = np.arange(len(tokens))
        kept = new_place[self.marks.token] >= 0
        token, mark = new_place[self.marks.token[kept]], self.marks.mark[kept]
        order = np.lexsort((mark, token))
        return Inputs(
            WordRows(self.rows.numbers[tokens], first, self.rows.is_end[tokens]),
            self.counts[chosen],
            Marks(token[order], mark[order]),
            self.measures[chosen],
        )


def read_inputs(
    passages: Sequence[TokenisedPassage],
    codebook: Codebook,
    matcher: Matcher,
    numbers: WordNumbers,
    found: Findings | None = None,
    known_marks: Sequence[str] = (),
) -> Inputs:
    """Look at a batch.

    ``found`` are the terms coder's findings where they are there already. ``known_marks`` are the marks of the codebook
    that a model was trained with: marks and measures come in its numbering, and what it does not know (a kind of cue
    that was added since) is left out, so that a codebook may grow under a trained model.
    """
    import numpy as np

    if found is None:
        found = find_terms([passage.passage.folded.text for passage in passages], matcher)
    rows = number_words(passages, numbers)
    measures, names = passage_measures(found, codebook, matcher, len(passages))
    marks = mark_words(passages, rows, found, matcher, len(codebook.codes))
    codes = [code.code for code in codebook.codes]
    own_marks = name_marks(codes, matcher)
    if known_marks and list(known_marks) != own_marks:
        kinds = [mark.removeprefix("cue:") for mark in known_marks if mark.startswith("cue:")]
        measures = _columns(measures, names, name_measures(codes, kinds))
        marks = _renumber(marks, own_marks, known_marks)
    return Inputs(rows, count_words(rows, numbers.n_words), marks, np.log1p(measures))


def _columns(measures: NDArray[np.float64], names: Sequence[str], wanted: Sequence[str]) -> NDArray[np.float64]:
    """Give the columns of these names, zero where there is none."""
    import numpy as np

    place = {name: number for number, name in enumerate(names)}
    padded = np.hstack([measures, np.zeros((len(measures), 1))])
    return padded[:, [place.get(name, len(names)) for name in wanted]]


def _renumber(marks: Marks, names: Sequence[str], wanted: Sequence[str]) -> Marks:
    """Give the marks in another numbering, without those it does not have."""
    import numpy as np

    place = {name: number for number, name in enumerate(wanted)}
    mark = np.array([place.get(name, -1) for name in names], dtype=np.int64)[marks.mark]
    token, mark = marks.token[mark >= 0], mark[mark >= 0]
    order = np.lexsort((mark, token))
    return Marks(token[order], mark[order])
