"""Makes one judgement per passage out of several people's: the adjudicated one, else what most of them said."""

from __future__ import annotations

import pandas as pd

from xietong.hand_codes.store import ADJUDICATED, PREFIX


def settle(tags: pd.DataFrame) -> pd.DataFrame:
    """Settle people's tags into one value per passage and code.

    Parameters
    ----------
    tags : frame with passage_id, facet, code, coder_id, value; zeros included, as ``HandCodes.tags`` gives them

    Returns
    -------
    frame with passage_id, facet, code, value, n_coders, is_settled
        ``value``: the adjudicated one; else the value that more than half of the coders gave; else NaN, with
        ``is_settled`` false: such a passage waits for adjudication.
    """
    people = tags[tags["coder_id"].str.startswith(PREFIX)]
    key = ["passage_id", "facet", "code"]
    decided = people[people["coder_id"] == ADJUDICATED].set_index(key)["value"].rename("decided")
    plain = people[people["coder_id"] != ADJUDICATED]
    votes = plain.groupby([*key, "value"], sort=False).size().rename("n_votes").reset_index()
    n_coders = votes.groupby(key, sort=False)["n_votes"].sum().rename("n_coders")
    first = votes.sort_values("n_votes", ascending=False, kind="stable").drop_duplicates(key).set_index(key)
    table = pd.concat([first.reindex(n_coders.index), n_coders], axis=1)
    value = table["value"].where(2 * table["n_votes"] > table["n_coders"]).astype(float)
    index = value.index.union(decided.index, sort=False) if len(decided) else value.index
    result = pd.DataFrame({"value": decided.astype(float).reindex(index).fillna(value.reindex(index))}, index=index)
    result["n_coders"] = n_coders.reindex(index).fillna(0).astype(int)
    result["is_settled"] = result["value"].notna()
    return result.rename_axis(key).reset_index()
