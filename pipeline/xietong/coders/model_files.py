"""Reads and writes trained models: plain arrays in one NPZ file, and a card that says what they are and their hash."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRAYS, CARD = "model.npz", "card.json"
FORMAT = 2


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What a model folder holds: ``arrays`` by name and the ``card`` (codes, data, figures, limits, hashes)."""

    arrays: Mapping[str, NDArray[Any]]
    card: Mapping[str, Any]


def write_model(folder: Path, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> str:
    """Write a model folder; the same arrays give the same bytes.

    Returns
    -------
    str
        SHA-256 of the file of arrays, which the card repeats.
    """
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    sha256 = hashlib.sha256((folder / ARRAYS).read_bytes()).hexdigest()
    text = json.dumps({"format": FORMAT, **card, "sha256": sha256}, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / CARD).write_text(text + "\n", encoding="utf-8", newline="\n")
    return sha256


def read_card(folder: Path) -> dict[str, Any]:
    """Read a model's card."""
    place = folder / CARD
    try:
        card = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: no {CARD} there; give the folder that `xietong train` wrote") from error
    except ValueError as error:
        raise ModelError(f"{place}: not readable as JSON ({error}); train the model again") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT or "sha256" not in card:
        raise ModelError(f"{place}: not the card of a model of this version of Xietong; train the model again")
    return card


def read_model(folder: Path) -> ModelFiles:
    """Read a model folder; nothing in it is ever executed.

    Raises
    ------
    ModelError
        If a file is missing or is not the one that the card describes.
    """
    import io

    import numpy as np

    card = read_card(folder)
    try:
        content = (folder / ARRAYS).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{folder / ARRAYS}: cannot be read ({error.strerror}); install or train the model again"
        ) from error
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise ModelError(
            f"{folder / ARRAYS}: not the file that {CARD} describes (its SHA-256 differs), so it is not used; "
            "install Xietong again, or train the model again"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return ModelFiles({name: stored[name] for name in stored.files}, card)
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"{folder / ARRAYS}: not a file of plain arrays ({error}); train the model again") from error


def pack_texts(texts: list[str]) -> NDArray[Any]:
    """Store texts without line breaks as one array of bytes."""
    import numpy as np

    return np.frombuffer("\n".join(texts).encode("utf-8"), dtype=np.uint8).copy()


def unpack_texts(packed: NDArray[Any]) -> list[str]:
    """Give back what :func:`pack_texts` stored."""
    return packed.tobytes().decode("utf-8").split("\n") if len(packed) else []
