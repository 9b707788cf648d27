"""Xietong: codes policy documents for synergy paths and mechanism types, and shows why."""

__version__ = "0.1.0"
