"""The coders: one file each; ``prepare_coders`` sets them all up once, ``code_passages`` runs them over a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xietong.codebook import Codebook
from xietong.coders.combined import code_by_combined, combine_without_model
from xietong.coders.evidence import citable_words
from xietong.coders.inputs import read_inputs
from xietong.coders.keywords import code_by_keywords
from xietong.coders.learned import LEAST_TELLING, code_by_learned, score_passages
from xietong.coders.matching import Matcher
from xietong.coders.model import CodingModel, describe_codes, open_model
from xietong.coders.model_files import CARD, read_card
from xietong.coders.terms import Findings, code_by_terms, find_terms, prepare_terms
from xietong.coders.topics import code_by_topics
from xietong.errors import ModelError
from xietong.records import Coding, TokenisedPassage

CodeByCodebook = Callable[[Sequence[TokenisedPassage], Codebook, Matcher, Findings], Coding]

#: Coders that need nothing but the codebook; they look at the passages and at the terms found in them.
BY_CODEBOOK: dict[str, CodeByCodebook] = {"terms": code_by_terms}
#: Coders whose judgement rests on a trained model; they look at the scores that its parts gave the passages.
TRAINED = {"topics": code_by_topics, "keywords": code_by_keywords, "learned": code_by_learned}
#: All coders, in the order they run; a new one is a file of its own and a line in one of the two tables above.
CODER_IDS = (*BY_CODEBOOK, *TRAINED, "combined")
#: The model that comes with the package.
BUNDLED_MODEL = Path(__file__).parent.parent / "models" / "regional-coordination"
WITHOUT_MODEL = "none"


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the coders need, made once per process; ``model`` is None where there is none for the codebook."""

    matcher: Matcher
    model: CodingModel | None


def prepare_coders(codebook: Codebook, model: str = "") -> Prepared:
    """Prepare every coder for a codebook.

    Parameters
    ----------
    model
        Folder of a trained model; "" for the one that comes with Xietong, which is taken if it was trained for the
        codebook's codes; "none" to go without.

    Raises
    ------
    ModelError
        If a model's files are damaged, or a model that was asked for was trained for other codes.
    """
    folder = _model_folder(codebook, model)
    fitted = open_model(folder, codebook) if folder else None
    return Prepared(prepare_terms(codebook), fitted)


def _model_folder(codebook: Codebook, model: str) -> Path | None:
    if model == WITHOUT_MODEL:
        return None
    folder = Path(model) if model else BUNDLED_MODEL
    if not model and not (folder / CARD).is_file():
        return None
    if list(read_card(folder)["codes"]) == describe_codes(codebook):
        return folder
    if model:
        raise ModelError(
            f"{folder}: this model was trained for other codes than those of codebook {codebook.name}; "
            "train one for it (`xietong train`), or go without (--model none)"
        )
    return None


def code_passages(passages: Sequence[TokenisedPassage], codebook: Codebook, prepared: Prepared) -> list[Coding]:
    """Run every prepared coder over a batch; one Coding per coder, ``combined`` last."""
    matcher, model = prepared.matcher, prepared.model
    found = find_terms([passage.passage.folded.text for passage in passages], matcher)
    codings = [code(passages, codebook, matcher, found) for code in BY_CODEBOOK.values()]
    if model is None:
        return [*codings, combine_without_model(codings, codebook)]
    inputs = read_inputs(passages, codebook, matcher, model.words, found, model.card["marks"])
    scores = score_passages(inputs, model)
    citable = citable_words(passages, inputs.rows, model.idf >= LEAST_TELLING)
    codings += [code(citable, codebook, model, scores) for code in TRAINED.values()]
    return [*codings, code_by_combined(codings, codebook, model, inputs, scores, found, matcher)]


def model_hash(codebook: Codebook, model: str = "") -> str:
    """Hash of the trained model a run would use; "" where it goes without."""
    folder = _model_folder(codebook, model)
    return str(read_card(folder)["sha256"]) if folder else ""


__all__ = [
    "BUNDLED_MODEL",
    "BY_CODEBOOK",
    "CODER_IDS",
    "Prepared",
    "code_passages",
    "model_hash",
    "prepare_coders",
]
