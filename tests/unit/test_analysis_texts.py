"""Terms in context, networks and text reuse: what was planted is found, in any script, and written the same twice."""

import networkx
import numpy as np
import pandas as pd
import pytest

from xietong.analysis.counts import count_codes
from xietong.analysis.kwic import KwicOptions, choose_passages, collocates, find_term
from xietong.analysis.networks import (
    as_graph,
    code_network,
    issuer_network,
    network_measures,
    place_network,
    split_issuers,
    write_graph,
)
from xietong.analysis.reuse import ReuseOptions, diffusion, find_reuse
from xietong.codebook import Code, Codebook
from xietong.errors import UsageError
from xietong.normalise import fold

CODEBOOK = Codebook(
    name="tiny",
    codes=(Code(facet="path", code="rail"), Code(facet="path", code="farm"), Code(facet="mechanism", code="aid")),
)


def _frame(texts, **columns):
    rows = []
    for i, (text, language) in enumerate(texts):
        row = {"passage_id": f"p{i}", "document_id": f"d{i}", "file": f"{i}.txt", "n": 0, "kind": "body", "year": 2001 + i,
               "region": f"R{i}", "level": "city", "language": language, "reading": text, "folded": fold(text).text}  # fmt: skip
        rows.append({**row, **{name: values[i] for name, values in columns.items()}})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("term", ["轨道交通", "軌道交通", "軌道交通 "])
def test_a_term_is_found_in_any_script_and_shown_as_written(term):
    frame = _frame([("新芽市建设轨道交通网。", "zh-Hans"), ("青巒縣發展軌道交通，便民。", "zh-Hant")])
    hits = find_term(frame, term)
    assert list(hits["hit"]) == ["轨道交通", "軌道交通"]
    assert list(hits["left"]) == ["新芽市建设", "青巒縣發展"]
    assert [frame["reading"][i][a:b] for i, (a, b) in enumerate(zip(hits["start"], hits["end"], strict=True))] == list(
        hits["hit"]
    )


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("ferry", ["ferry"]),
        ("FERRY", ["ferry"]),
        ("port", ["Ports", "port"]),  # not inside transport
        ("transfer payment", ["transfer payments"]),
        ("ferr*", ["ferry", "ferries"]),
        ("C++", []),
        ("(a+)+$", []),
    ],
)
def test_english_words_are_found_whole_in_any_case(term, found):
    frame = _frame([("Ports matter: one port has a ferry, ferries and transport by transfer payments.", "en")])
    hits = list(find_term(frame, term)["hit"])
    assert hits == found


def test_an_empty_term_is_refused():
    with pytest.raises(UsageError, match="needs a term"):
        find_term(_frame([("甲乙", "zh-Hans")]), " * ")
    with pytest.raises(UsageError, match="does not occur"):
        collocates(_frame([("甲乙", "zh-Hans")]), "轻轨")


def test_passages_are_chosen_by_a_column():
    frame = _frame([("轻轨开通。", "zh-Hans"), ("轻轨停运。", "zh-Hans")])
    assert list(choose_passages(frame, "region=R1")["passage_id"]) == ["p1"]
    with pytest.raises(UsageError, match="no column"):
        choose_passages(frame, "party=R1")
    with pytest.raises(UsageError, match="there are R0, R1"):
        choose_passages(frame, "region=R9")


def test_company_is_ranked_by_association_and_shown_in_the_reader_s_script():
    near = [("發展雲端農業，", "zh-Hant")] * 8
    far = [("道路建設完成，農業照舊。", "zh-Hant"), ("道路建設完成，其餘照舊。", "zh-Hant")] * 10
    table = collocates(_frame(near + far), "云端", options=KwicOptions(n_least=2))
    first = table.iloc[0]
    assert first["collocate"] in ("發展", "農業")
    assert set(table["collocate"]) == {"發展", "農業"}
    developed = table.set_index("collocate").loc["發展"]
    assert (developed["n_together"], developed["n_collocate"]) == (8, 8)
    assert developed["log_dice"] == pytest.approx(14 + np.log2(2 * 8 / (8 * 10 + 8)))


def test_shared_stretches_name_the_earliest_government_and_their_length():
    shared = "建立健全跨区域生态补偿资金分担办法并按年公布执行结果"
    own = ["甲地先行说明情况。", "丙地参照前例办理。"]
    texts = [
        (own[0] + shared + "。", "zh-Hans"),
        ("乙地另有安排如下：" + shared + "，余略。", "zh-Hans"),
        (own[1] + "无。", "zh-Hans"),
    ]
    reuse = find_reuse(_frame(texts))
    assert len(reuse.stretches) == 1
    row = reuse.stretches.iloc[0]
    assert (row["document_id"], row["source_document_id"], row["source_year"]) == ("d1", "d0", 2001)
    assert row["text"] == shared
    assert (row["n_chars"], row["n_governments"]) == (len(shared), 2)
    share = reuse.shares.set_index("group")["estimate"]
    assert share["d1"] == pytest.approx(len(shared) / len(fold(texts[1][0]).text))
    assert share["d0"] == share["d2"] == 0


def test_a_government_does_not_copy_itself_nor_texts_of_the_same_year():
    text = "建立健全跨区域生态补偿资金分担办法并按年公布执行结果。"
    same_government = _frame([(text, "zh-Hans"), (text, "zh-Hans"), ("别的话。", "zh-Hans")], region=["A", "A", "B"])
    assert find_reuse(same_government).stretches.empty
    same_year = _frame([(text, "zh-Hans")] * 2, year=[2001, 2001])
    assert find_reuse(same_year).stretches.empty


def test_reuse_across_scripts_quotes_the_later_text_as_written():
    texts = [("发展绿色农业并建立补偿办法。", "zh-Hans"), ("發展綠色農業並建立補償辦法。", "zh-Hant")]
    row = find_reuse(_frame(texts), options=ReuseOptions(n_chars=8)).stretches.iloc[0]
    assert row["text"].startswith("發展綠色農業")


def test_reuse_needs_two_dated_governments():
    with pytest.raises(UsageError, match="two governments"):
        find_reuse(_frame([("甲乙丙丁", "zh-Hans")]))


def test_a_diffusion_curve_counts_governments_up_to_each_year():
    frame = _frame([("文", "zh-Hans")] * 4, year=[2001, 2002, 2003, 2003], region=list("ABCA"), path_rail=[0, 1, 0, 1],
                   path_farm=[0] * 4, mechanism_aid=[1] * 4)  # fmt: skip
    table = diffusion(count_codes(frame, CODEBOOK))
    rail = table[table["code"] == "rail"].set_index(["statistic", "year"])["estimate"]
    assert [rail["adopters", year] for year in (2001, 2002, 2003)] == [0, 1, 2]
    assert rail["adopted_share", 2002] == 0.5
    first = table[(table["code"] == "rail") & (table["statistic"] == "first_year")]
    assert dict(zip(first["group"], first["year"], strict=True)) == {"A": 2003, "B": 2002}


def test_codes_and_places_in_one_passage_are_linked(tmp_path):
    texts = [
        ("北京市和天津市共建轻轨。", "zh-Hans"),
        ("广东省与上海市互访。", "zh-Hans"),
        ("北京市与天津市互助。", "zh-Hans"),
    ] * 4
    frame = _frame(texts, path_rail=[1, 0, 1] * 4, path_farm=[0, 1, 0] * 4, mechanism_aid=[1, 0, 1] * 4)
    codes = code_network(frame, CODEBOOK)
    assert list(zip(codes["source"], codes["target"], codes["weight"], strict=True)) == [
        ("path_rail", "mechanism_aid", 8)
    ]
    places = place_network(frame)
    assert {(row.source, row.target): row.weight for row in places.itertuples()} == {
        ("北京市", "天津市"): 8,
        ("上海市", "广东省"): 4,
    }
    graph = as_graph(places, {"北京市": 8})
    for name in ("a.gexf", "a.graphml"):
        write_graph(graph, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        write_graph(graph, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
        assert b"lastmodified" not in first
    read = networkx.read_graphml(tmp_path / "a.graphml")
    assert read.nodes["北京市"]["n"] == 8
    assert read.edges["北京市", "天津市"]["weight"] == 8
    assert networkx.read_gexf(tmp_path / "a.gexf").number_of_edges() == 2


def test_offices_that_issue_together_are_linked():
    documents = pd.DataFrame({"issuer": ["财务厅；交通厅", "交通厅、财务厅", "交通厅", "", None]})
    edges = issuer_network(documents)
    assert (edges["source"][0], edges["target"][0], edges["weight"][0]) == ("交通厅", "财务厅", 2)
    assert edges["expected"][0] == pytest.approx(3 * 2 / 3)
    assert (
        network_measures(edges, "issuers", n_documents=3, n_passages=None).set_index("statistic")["estimate"]["density"]
        == 1
    )
    assert split_issuers("甲办; 乙办,甲办") == ["乙办", "甲办"]
    with pytest.raises(UsageError, match="no document names two"):
        issuer_network(documents.iloc[2:])
