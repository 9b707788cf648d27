"""Training on one's own hand codes: a codebook nobody has trained for, on sentences about invented places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xietong.codebook import Code, Codebook, Term
from xietong.coders import code_passages, prepare_coders
from xietong.coders.convolution_training import NetworkOptions
from xietong.coders.training import TrainingOptions
from xietong.errors import UsageError
from xietong.normalise import fold
from xietong.own_model import train_on
from xietong.records import Passage, TokenisedPassage
from xietong.tokenise import prepare_tokeniser, tokenise

CODEBOOK = Codebook(
    name="own",
    codes=(Code(facet="field", code="roads"), Code(facet="field", code="schools")),
    terms=(
        Term(code="roads", language="zh", term="公路"),
        Term(code="schools", language="zh", term="学校"),
    ),
)
SMALL = TrainingOptions(n_folds=2, n_networks=1, network=NetworkOptions(n_hidden=16, n_narrow=8, n_wide=8, n_rounds=10))


def cut(texts: list[str]) -> list[TokenisedPassage]:
    passages = [Passage(n=n, start=0, end=len(text), reading=text, folded=fold(text)) for n, text in enumerate(texts)]
    return tokenise(passages, prepare_tokeniser())


def test_a_model_for_another_codebook_codes_what_its_coders_meant(tmp_path: Path) -> None:
    roads = ["青川市新建公路二百公里", "柏川县改造农村公路", "望屿市高速公路通车", "汀源县铁路动工"]
    schools = ["青川市新建学校十所", "柏川县引进教师", "望屿市学生入学便利", "汀源县幼儿园增加学位"]
    texts = [f"今年{text}，第{i}批任务完成。" for i in range(10) for text in roads + schools]
    values = np.array([[1, 0]] * 4 + [[0, 1]] * 4, dtype=np.int8)[np.arange(80) % 8]
    card = train_on(cut(texts), values, [f"d{i % 5}" for i in range(80)], CODEBOOK, tmp_path, options=SMALL)
    assert card["figures"]["field_roads >= 1"] > 0.9
    codings = code_passages(
        cut(["去年柏川县高速公路通车。", "教师和学生都很满意。"]), CODEBOOK, prepare_coders(CODEBOOK, str(tmp_path))
    )
    assert codings[-1].coder_id == "combined"
    assert codings[-1].values.tolist() == [[1, 0], [0, 1]]


def test_too_few_hand_codes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too few"):
        train_on(cut(["新建公路"] * 3), np.ones((3, 2), dtype=np.int8), list("abc"), CODEBOOK, tmp_path)
