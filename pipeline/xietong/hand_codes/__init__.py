"""The codes people give: stored beside the run, with history; read from workbooks, CSV and Label Studio too."""

from xietong.hand_codes.store import ADJUDICATED, HandCodes, HandCoding, HandEvidence, coder_id_of

__all__ = ["ADJUDICATED", "HandCodes", "HandCoding", "HandEvidence", "coder_id_of"]
