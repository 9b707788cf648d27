"""Trains the coders on what people coded in a run, with the words that the bundled model knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.codebook import Codebook
from xietong.errors import UsageError
from xietong.records import TokenisedPassage
from xietong.threads import one_thread
from xietong.tokenise import bare_passages, prepare_tokeniser, tokenise

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from xietong.coders.training import TrainingOptions
    from xietong.runs import Run


def train(run: Run, folder: str | Path, *, options: TrainingOptions | None = None) -> dict[str, Any]:
    """Train the coders on a run's settled hand codes.

    Parameters
    ----------
    run
        A run whose passages people coded (``xietong sample``, ``xietong review``). Where several coded one passage,
        the adjudicated value counts, or else the majority's; what is not settled is left out.
    folder
        Where the model goes; ``xietong run --model FOLDER`` uses it.

    Returns
    -------
    dict
        The model's card: data, figures on documents that were held out, and the hash.

    Raises
    ------
    UsageError
        If there are too few hand codes.
    """
    table, codes = settled_codes(run)
    passages = tokenise(bare_passages(table["folded"], table["language"]), prepare_tokeniser(run.codebook.lexicon))
    return train_on(passages, codes, table["document_id"].tolist(), run.codebook, Path(folder), options=options)


def settled_codes(run: Run) -> tuple[pd.DataFrame, NDArray[np.int8]]:
    """Give the passages that people coded and agreed on.

    Returns
    -------
    frame with passage_id, document_id, language and folded
    array, shape (n_passages, n_codes); -1 where a code was not judged

    Raises
    ------
    UsageError
        If nobody has coded a passage.
    """
    from xietong.hand_codes import HandCodes
    from xietong.hand_codes.settle import settle

    tags = HandCodes(run.folder).tags(run.codebook)
    if not len(tags):
        raise UsageError(f"{run.folder}: nobody has coded passages yet; use `xietong sample` and `xietong review`")
    settled = settle(tags)
    settled = settled[settled["is_settled"]]
    values = settled.pivot(index="passage_id", columns="code", values="value")
    values = values.reindex(columns=[code.code for code in run.codebook.codes]).fillna(-1).astype("int8")
    table = run.table("passages", ["passage_id", "document_id", "language", "folded"]).to_pandas()
    table = table[table["passage_id"].isin(values.index)].reset_index(drop=True)
    return table, values.loc[table["passage_id"]].to_numpy()


def train_on(
    passages: Sequence[TokenisedPassage],
    values: NDArray[np.int8],
    groups: Sequence[str],
    codebook: Codebook,
    folder: Path,
    *,
    options: TrainingOptions | None = None,
) -> dict[str, Any]:
    """Train on passages with their codes, shape (n_passages, n_codes), -1 where a code was not judged.

    ``groups`` names the document of each passage: a document is never on both sides of a check.
    """
    import numpy as np

    from xietong.coders import BUNDLED_MODEL
    from xietong.coders.inputs import read_inputs
    from xietong.coders.marks import name_marks
    from xietong.coders.model import describe_codes, word_knowledge
    from xietong.coders.model_files import read_card, read_model, unpack_texts, write_model
    from xietong.coders.terms import prepare_terms
    from xietong.coders.training import Lesson, TrainingOptions, held_out_figures, stored_arrays, train_model
    from xietong.coders.word_counts import WordNumbers

    base = read_model(BUNDLED_MODEL)
    stored = base.arrays
    words = unpack_texts(stored["words"])
    # topics belong to codes: other codes have none, and learn without
    known = word_knowledge(stored)
    if list(base.card["codes"]) != describe_codes(codebook):
        known = replace(known, topics=np.zeros((len(words) + 1, len(codebook.codes))))
    matcher = prepare_terms(codebook)
    marks = name_marks([code.code for code in codebook.codes], matcher)
    inputs = read_inputs(passages, codebook, matcher, WordNumbers(words))
    lesson = Lesson(inputs, values, groups, np.ones(len(passages)))
    with one_thread():  # sums come out the same only when one thread adds them up
        trained = train_model(lesson, codebook, known, len(marks), options=options or TrainingOptions())
    arrays = stored_arrays(trained)
    arrays |= {name: stored[name] for name in ("words", "vectors", "vectors_scale", "fields")}
    card = {
        "name": codebook.name,
        "codes": describe_codes(codebook),
        "marks": marks,
        "codebook": codebook.content_hash,
        "data": {"hand-coded passages": len(passages), "documents": len(set(groups))},
        "figures": {
            "what": "F1 on hand-coded passages of documents that were held out",
            **held_out_figures(trained, lesson, codebook, np.ones(len(passages), dtype=bool)),
        },
        "limits": ["Trained on one project's hand codes; agreement on other texts has to be measured."],
    }
    write_model(folder, arrays, card)
    return read_card(folder)
