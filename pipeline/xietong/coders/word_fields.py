"""What single words point to, as a reader of the coding manual noted it: codes, relations between places, names of places.

A word leans to a field (1) or makes it likely by itself (2). The network reads the fields beside each word's vector, so that
what it learned of one word of a field holds for rare words of the field as well; the mixture reads their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The letter that notes each field; the first fifteen are codes.
FIELDS = {
    "L": "planning", "N": "innovation", "I": "industry", "T": "transport", "Y": "policy", "E": "ecology",
    "W": "public_service", "O": "opening", "k": "market", "c": "cooperation", "a": "mutual_assistance", "s": "support",
    "b": "compensation", "g": "core_coordination", "v": "supervision",
    "r": "relation between places", "p": "place in China", "f": "place abroad",
}  # fmt: skip
#: What a field that a word makes likely counts beside the numbers of its vector, which are of about one half.
STRENGTH = 1.5


def read_notes(notes: Mapping[str, str], words: Sequence[str]) -> NDArray[np.uint8]:
    """Turn notes (``{"粪污": "EE", "财政": "s"}``) into an array of 0, 1 and 2, shape (n_words + 1, n_fields).

    Raises
    ------
    ValueError
        If a letter stands for no field.
    """
    import numpy as np

    column = {letter: number for number, letter in enumerate(FIELDS)}
    fields = np.zeros((len(words) + 1, len(FIELDS)), dtype=np.uint8)
    for number, word in enumerate(words, start=1):
        for letter in notes.get(word, ""):
            if letter not in column:
                raise ValueError(f"{word}: {letter!r} is no field; fields are {', '.join(FIELDS)}")
            fields[number, column[letter]] += 1
    return np.minimum(fields, 2)


def pack_fields(fields: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Keep what is not 0: twice the cell's number, and one more where the word makes the field likely."""
    import numpy as np

    cells = np.nonzero(fields.ravel())[0]
    return (2 * cells + (fields.ravel()[cells] == 2)).astype(np.int32)


def unpack_fields(packed: NDArray[Any], n_words: int) -> NDArray[np.float32]:
    """Give the fields of a stored model, 0, one half and 1, shape (n_words + 1, n_fields)."""
    import numpy as np

    fields = np.zeros((n_words + 1) * len(FIELDS), dtype=np.float32)
    fields[packed // 2] = 0.5 + 0.5 * (packed % 2)
    return fields.reshape(n_words + 1, len(FIELDS))
