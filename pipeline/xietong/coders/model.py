"""The trained model as the coders use it: every array in the shape that scoring needs, checked against the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.codebook import Codebook
from xietong.coders.convolution import Network, prepare_networks
from xietong.coders.model_files import ModelFiles, read_model, unpack_texts
from xietong.coders.word_counts import WordNumbers
from xietong.coders.word_fields import STRENGTH, unpack_fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NETWORK_PARAMETERS = (
    *("layer", "layer_bias", "mark", "one", "three", "bias", "clause", "clause_bias"),
    *("passage", "passage_bias", "out", "out_bias"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One yes-or-no question of a codebook: does code number ``code`` reach value ``least``?"""

    code: int
    least: int


def list_targets(codebook: Codebook) -> list[Target]:
    """List the targets of a codebook: every code at value 1, then the codes of wider scale at each further value."""
    widest = max((code.scale_max for code in codebook.codes), default=1)
    return [
        Target(number, least)
        for least in range(1, widest + 1)
        for number, code in enumerate(codebook.codes)
        if code.scale_max >= least
    ]


@dataclass(frozen=True, slots=True)
class WordKnowledge:
    """What is known of words before anybody coded a passage; row 0 of each array for words outside the vocabulary.

    ``vectors``: shape (n_words + 1, n_dimensions). ``topics``: share of each topic given the word, shape
    (n_words + 1, n_topics). ``fields``: what the word points to, 0 to 1, shape (n_words + 1, n_fields).
    """

    vectors: NDArray[np.float32]
    topics: NDArray[np.float64]
    fields: NDArray[np.float32]

    def rows(self) -> NDArray[np.float32]:
        """Give what the network reads of each word: its vector and its fields side by side."""
        import numpy as np

        return np.hstack([self.vectors, self.fields * np.float32(STRENGTH)])


@dataclass(frozen=True, slots=True)
class CodingModel:
    """A trained model, ready to score; fitted state, read only.

    ``words`` gives each word's number (from 1); ``idf``: shape (n_words + 1,). ``weights``: of the linear model,
    shape (n_words + 1, n_targets), ``bias``: shape (n_targets,). ``keyness``: shape (n_words + 1, n_codes).
    ``topics``: share of each topic given the word, shape (n_words + 1, n_topics). ``mixture``: how the coders' scores
    settle into one, shape (n_features, n_targets); ``mixture_bias``; ``blend``: the same for the learned coder alone,
    shape (3, n_targets). ``thresholds``: probability from which a target is assigned, by coder, each (n_targets,).
    ``evidence``: by coder, what each word weighs for each code, shape (n_codes, n_words + 1).
    """

    targets: tuple[Target, ...]
    words: WordNumbers
    idf: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    networks: tuple[Network, ...]
    keyness: NDArray[np.float64]
    known: WordKnowledge
    evidence: Mapping[str, NDArray[np.float64]]
    arrays: Mapping[str, NDArray[Any]]
    card: Mapping[str, Any]


def open_model(folder: Path, codebook: Codebook) -> CodingModel | None:
    """Read a model for a codebook; None where the model was trained for other codes.

    Raises
    ------
    ModelError
        If the files are damaged.
    """
    files = read_model(folder)
    if list(files.card["codes"]) != describe_codes(codebook):
        return None
    return build_model(files, codebook)


def describe_codes(codebook: Codebook) -> list[str]:
    """Name the codes with facet and scale; a model fits a codebook where these are equal."""
    return [f"{code.facet}:{code.code}:{code.scale_max}" for code in codebook.codes]


def build_model(files: ModelFiles, codebook: Codebook) -> CodingModel:
    """Turn stored arrays into what scoring needs."""
    import numpy as np

    stored = files.arrays
    words = WordNumbers(unpack_texts(stored["words"]))
    size = words.n_words + 1
    targets, n_codes = tuple(list_targets(codebook)), len(codebook.codes)
    is_weighted = np.unpackbits(stored["is_weighted"], count=size).astype(bool)
    weights = _spread(stored["weights"], is_weighted) * stored["weights_scale"]
    keyness = _spread(stored["keyness"], is_weighted) * float(stored["keyness_scale"])
    known = word_knowledge(stored)
    by_code = {"learned": weights[:, first_targets(targets, n_codes)], "keywords": keyness, "topics": known.topics}
    return CodingModel(
        targets=targets,
        words=words,
        idf=_spread(stored["idf"], is_weighted),
        weights=weights,
        bias=stored["bias"].astype(np.float64),
        networks=prepare_networks({name: stored["net_" + name] for name in NETWORK_PARAMETERS}, known.rows()),
        keyness=keyness,
        known=known,
        evidence={coder: np.ascontiguousarray(table[:, :n_codes].T) for coder, table in by_code.items()},
        arrays=stored,
        card=files.card,
    )


def word_knowledge(stored: Mapping[str, NDArray[Any]]) -> WordKnowledge:
    """Give what a stored model knows of words."""
    import numpy as np

    below_unknown = ((1, 0), (0, 0))
    vectors = np.pad(stored["vectors"].astype(np.float32), below_unknown) * np.float32(stored["vectors_scale"])
    topics = np.pad(stored["topics"] / 255.0, below_unknown)
    return WordKnowledge(vectors, topics, unpack_fields(stored["fields"], len(stored["vectors"])))


def _spread(rows: NDArray[Any], has_row: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Put rows where the words are that have one, and empty rows elsewhere."""
    import numpy as np

    full = np.zeros((len(has_row), *rows.shape[1:]))
    full[has_row] = rows
    return full


def shrink(values: NDArray[Any], kind: str, axis: int | None = 0) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Store values as small whole numbers and a scale (per column with ``axis`` 0): tiny differences vanish."""
    import numpy as np

    largest = np.iinfo(kind).max
    peak = np.maximum(np.abs(values).max(axis=axis), 1e-9)
    scale = np.asarray(peak / largest, dtype=np.float64)
    # the scale itself to few digits, upwards, so that it is the same where the values differ in their last bits
    scale = np.ceil(scale * 1e7) / 1e7
    return np.clip(np.rint(values / scale), -largest, largest).astype(kind), scale


def logistic(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Turn logits into probabilities."""
    import numpy as np

    return 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))


def first_targets(targets: Sequence[Target], n_codes: int) -> NDArray[np.int64]:
    """Give the column of each code's target at value 1."""
    import numpy as np

    columns = np.zeros(n_codes, dtype=np.int64)
    for number, target in enumerate(targets):
        if target.least == 1:
            columns[target.code] = number
    return columns


def values_of(probabilities: NDArray[Any], thresholds: NDArray[Any], targets: Sequence[Target], n_codes: int) -> Any:
    """Assign each code the highest value that it reaches together with all lower ones."""
    import numpy as np

    values = np.zeros((len(probabilities), n_codes), dtype=np.int8)
    for column, target in enumerate(targets):
        reached = probabilities[:, column] >= thresholds[column]
        values[reached & (values[:, target.code] == target.least - 1), target.code] = target.least
    return values
