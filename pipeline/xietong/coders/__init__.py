"""The coders: one file each, listed in one table; ``code_passages`` runs them all over a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xietong.codebook import Codebook
from xietong.coders.terms import code_by_terms, prepare_terms
from xietong.records import Coding, TokenisedPassage

#: coder_id -> (prepare, code): ``prepare(codebook)`` once per process, ``code(passages, codebook, prepared)`` per batch.
CODERS: dict[str, tuple[Callable[..., Any], Callable[..., Coding]]] = {
    "terms": (prepare_terms, code_by_terms),
}


def prepare_coders(codebook: Codebook, model: str = "") -> dict[str, Any]:
    """Prepare every coder for a codebook; ``model`` is the folder of a trained model, "" the bundled, "none" without."""
    return {coder_id: prepare(codebook) for coder_id, (prepare, _) in CODERS.items()}


def code_passages(passages: Sequence[TokenisedPassage], codebook: Codebook, prepared: dict[str, Any]) -> list[Coding]:
    """Run every prepared coder over a batch; one Coding per coder, in the order of the table above."""
    return [
        code(passages, codebook, prepared[coder_id]) for coder_id, (_, code) in CODERS.items() if coder_id in prepared
    ]


def model_hash(codebook: Codebook, model: str = "") -> str:
    """Hash of the trained model a run would use; "" where coders need none."""
    return ""
