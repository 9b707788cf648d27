"""Trains a model of one's own on half of the hand-coded documents and corrects its shares on the other half.

python tests/quality/half.py

The other half is coded by that model alone; then a sample of it is looked up in the hand codes, as a coder would code it, and
the corrected shares are held against the share of all its hand codes. Drawn twenty times.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
sys.path[:0] = [str(ROOT / "pipeline"), str(Path(__file__).parent)]

from scoring import macro_f1, score_codes
from train_base_model import read_gold
from xietong.bundled import bundled
from xietong.codebook import read_codebook
from xietong.coders import code_passages, prepare_coders
from xietong.coders.model import list_targets
from xietong.coders.training import split_groups
from xietong.estimates import correct_shares
from xietong.own_model import train_on
from xietong.sampling import SampleOptions, draw_sample
from xietong.tokenise import prepare_tokeniser

N_DRAWS = 20


def main() -> None:
    """Train, code, draw, correct; print a line per code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=400, help="passages coded by hand in each draw")
    n_drawn = parser.parse_args().sample
    codebook = read_codebook(bundled("seeds/regional-coordination"))
    gold = read_gold(SHARED / "gold", prepare_tokeniser(codebook.lexicon))
    hand, groups = gold.values(codebook), gold.table["group"].tolist()
    half = split_groups(groups, 2)
    first, rest = np.nonzero(half == 0)[0], np.nonzero(half == 1)[0]
    with tempfile.TemporaryDirectory() as folder:
        train_on(
            [gold.passages[i] for i in first], hand[first], [groups[i] for i in first], codebook, Path(folder) / "own"
        )
        coded = code_passages(
            [gold.passages[i] for i in rest], codebook, prepare_coders(codebook, str(Path(folder) / "own"))
        )
    machine = coded[-1].values
    print(f"trained on {len(first)} passages, coded {len(rest)} of other documents")
    print({aspect: round(f1, 3) for aspect, f1 in macro_f1(score_codes(hand[rest], machine, codebook)).items()})
    ids = gold.table.iloc[rest][["group"]].rename(columns={"group": "document_id"}).reset_index(drop=True)
    ids.insert(0, "passage_id", ids.index.astype(str))
    targets = list_targets(codebook)
    names = [f"{codebook.codes[target.code].column}={target.least}" for target in targets]
    print_shares(*(ids.join(reached(values, targets, names)) for values in (machine, hand[rest])), n_drawn)


def reached(values: np.ndarray, targets: list, names: list[str]) -> pd.DataFrame:
    """Give a column of 0 and 1 for each target."""
    columns = [(values[:, target.code] >= target.least).astype(float) for target in targets]
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def print_shares(machine: pd.DataFrame, hand: pd.DataFrame, n_drawn: int) -> None:
    """Print how often corrected and naive intervals hold the share of all hand codes, over the draws."""
    names = [column for column in machine.columns if column not in ("passage_id", "document_id")]
    truth = hand[names].mean()
    tables = []
    for seed in range(N_DRAWS):
        sample = draw_sample(machine, options=SampleOptions(n=n_drawn, seed=seed))
        drawn = hand.loc[sample["is_drawn"].to_numpy(), ["passage_id", *names]]
        tables.append(correct_shares(machine, drawn, sample).set_index("code"))
    print(f"{'code':38} truth  naive  first draw: corrected        holds the truth: corrected, naive, of {N_DRAWS}")
    holds = {kind: pd.DataFrame([holding(t, kind, truth) for t in tables]) for kind in ("corrected", "naive")}
    for name in names:
        row = tables[0].loc[name]
        print(
            f"{name:38} {truth[name]:.3f}  {row['naive']:.3f}  {row['corrected']:.3f} [{row['corrected_low']:.3f}, "
            f"{row['corrected_high']:.3f}]  {int(holds['corrected'][name].sum()):3} {int(holds['naive'][name].sum()):3}"
        )
    print({kind: round(float(table.to_numpy().mean()), 3) for kind, table in holds.items()})
    width = np.mean([(t["corrected_high"] - t["corrected_low"]).mean() for t in tables])
    alone = np.mean([(t["hand_high"] - t["hand_low"]).mean() for t in tables])
    print(f"mean width corrected {width:.4f}, hand codes alone {alone:.4f}")


def holding(table: pd.DataFrame, kind: str, truth: pd.Series) -> pd.Series:
    """Say for which codes the interval holds the truth."""
    return (table[f"{kind}_low"] <= truth) & (truth <= table[f"{kind}_high"])


if __name__ == "__main__":
    main()
