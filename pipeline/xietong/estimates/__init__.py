"""Estimates that are corrected for the machine's errors with hand-coded passages."""

from xietong.estimates.regression import RegressionOptions, regress
from xietong.estimates.shares import (
    Estimate,
    contrast_shares,
    correct_shares,
    ppi_mean,
    rogan_gladen,
    rogan_gladen_limits,
    wilson,
)

__all__ = [
    "Estimate",
    "RegressionOptions",
    "contrast_shares",
    "correct_shares",
    "ppi_mean",
    "regress",
    "rogan_gladen",
    "rogan_gladen_limits",
    "wilson",
]
