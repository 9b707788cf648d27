"""Intercoder reliability: coefficients, intervals, disagreements and advice."""

from xietong.agreement.coefficients import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    masi_alpha,
    percent_agreement,
)
from xietong.agreement.compare import AgreementOptions, agree, compare_pairs, list_disagreements
from xietong.agreement.spans import agree_on_spans

__all__ = [
    "AgreementOptions",
    "agree",
    "agree_on_spans",
    "cohen_kappa",
    "compare_pairs",
    "fleiss_kappa",
    "gwet_ac",
    "krippendorff_alpha",
    "list_disagreements",
    "masi_alpha",
    "percent_agreement",
]
