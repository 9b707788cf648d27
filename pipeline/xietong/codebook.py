"""The codebook: which codes there are, what they mean, and which words point to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One category of one facet."""

    facet: str
    code: str
    label_en: str = ""
    label_zh: str = ""
    label_zh_hant: str = ""
    scale_max: int = 1  # 1: absent or present; 2: absent, theme, synergy
    definition: str = ""
    include: str = ""
    exclude: str = ""
    example: str = ""

    @property
    def column(self) -> str:
        """Name of the code's column in the wide tables, ``path_planning`` for instance."""
        return f"{self.facet}_{self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase that points to a code: alone where strong, in company where weak."""

    code: str
    language: str  # zh or en
    term: str
    weight: str = "strong"  # strong or weak
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A phrase inside which no term counts."""

    language: str
    phrase: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueWord:
    """A word, named place or body that makes a theme a synergy; ``kind`` says how."""

    language: str
    cue: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """Codes with their terms, masks, cues and lexicon, in the order of their files."""

    name: str
    codes: tuple[Code, ...]
    terms: tuple[Term, ...] = ()
    masks: tuple[Mask, ...] = ()
    cues: tuple[CueWord, ...] = ()
    lexicon: tuple[str, ...] = ()
    content_hash: str = ""  # SHA-256 of all of the above, so that a run can say which codebook it used

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each code in ``codes``, by its name; names are unique over all facets."""
        return {code.code: i for i, code in enumerate(self.codes)}

    @cached_property
    def facets(self) -> tuple[str, ...]:
        """The facets, in the order of their first code."""
        return tuple(dict.fromkeys(code.facet for code in self.codes))
