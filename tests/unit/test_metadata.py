from time import perf_counter

import pytest

from xietong.errors import UsageError
from xietong.messages import worded_error
from xietong.metadata import describe, documents_only, read_catalogue, read_catalogues, row_of
from xietong.metadata.dates import find_dates, find_years
from xietong.metadata.titles import document_type_of
from xietong.records import Document, Source


def described(text="", file="a.txt", row=None, **fields):
    return describe(Document(file=file, sha256="", text=text, **fields), (), row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年2月3日", ["2026-02-03"]),
        ("2026 年 2 月", ["2026-02"]),
        ("二〇二一年三月五日", ["2021-03-05"]),
        ("二○一一年十二月三十一日", ["2011-12-31"]),
        ("中华民国101年5月9日", ["2012-05-09"]),
        ("民国一百零四年十二月三十日", ["2015-12-30"]),
        ("民国九十八年六月十七日", ["2009-06-17"]),
        ("2017-11-17", ["2017-11-17"]),
        ("t20130730_94923", ["2013-07-30"]),
        ("5 March 2008", ["2008-03-05"]),
        ("March 5, 2008", ["2008-03-05"]),
        ("2026年13月40日", []),
        ("12.2021.5 3021年", []),
    ],
)
def test_dates_are_read_in_every_calendar(text, expected):
    assert [date.iso for date in find_dates(text)] == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("澜江省2026年政府工作报告", [2026]),
        ("行动方案(2023—2025年)", []),
        ("规划(2021-2035)", []),
        ("2035年远景目标纲要", []),
        ("报告(2012年12月20日 某某)", []),
        ("二〇一九年工作要点", [2019]),
    ],
)
def test_a_title_gives_its_year_but_not_what_a_plan_covers(title, expected):
    assert [year.year for year in find_years(title)] == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("2026年政府工作报告", "work report"),
        ("关于印发安柏望城市群发展规划的通知", "notice"),
        ("澜江省国土空间规划（2021—2035年）", "plan"),
        ("关于加快发展的若干意见", "opinion"),
        ("澜江省航道管理条例（2019年修正）", "regulation"),
        ("Notice on Issuing the Development Plan", "notice"),
        ("Budget Speech 2025", "speech"),
        ("散文一篇", ""),
    ],
)
def test_type_comes_from_the_deciding_word_of_the_title(title, expected):
    assert document_type_of(title) == expected


REPORT = (
    "政府工作报告\n\n——2026年1月22日在{assembly}第十二届人民代表大会第四次会议上\n\n{speaker}\n\n"
    "各位代表：\n\n现在，我代表{short}人民政府向大会报告工作。\n"
)


@pytest.mark.parametrize(
    ("assembly", "short", "region", "level"),
    [
        ("广东省", "省", "广东省", "provincial"),
        ("深圳市", "市", "广东省/深圳市", "city"),
        ("上海市", "市", "上海市", "provincial"),
        ("吉林市", "市", "吉林省/吉林市", "city"),
        ("澜江省", "省", "澜江省", "provincial"),  # no gazetteer knows it
        ("阿坝藏族羌族自治州", "州", "四川省/阿坝藏族羌族自治州", "city"),
    ],
)
def test_a_work_report_is_from_where_the_assembly_sat(assembly, short, region, level):
    found = described(REPORT.format(assembly=assembly, short=short, speaker="顾怀远"))
    assert (found.region, found.level, found.year, found.doc_date) == (region, level, 2026, "2026-01-22")
    assert (found.title, found.doc_type) == ("政府工作报告", "work report")
    assert found.origins["doc_date"] == "heading"


@pytest.mark.parametrize(
    ("text", "file", "region", "level", "year"),
    [
        ("沪府办发〔2025〕11号\n各区人民政府：\n现印发给你们。", "x.txt", "上海市", "provincial", 2025),
        ("国务院关于支持河南省加快建设的指导意见\n国发〔2011〕32号\n", "x.txt", "中国", "central", 2011),
        ("河南省人民政府关于贯彻国务院有关意见的实施意见\n", "x.txt", "河南省", "provincial", None),
        ("主席，本人謹此陳辭。", "香港_施政報告_2013-01-16.txt", "香港", "provincial", 2013),
        (
            "促進產業發展條例\n中華民國九十二年九月四日公布\n第 1 條\n為促進產業，制定本條例。",
            "x.txt",
            "台湾",
            "central",
            2003,
        ),
        (
            "My fellow citizens, thank you.",
            "US_Alabama_state_of_the_state_2019.txt",
            "United States/Alabama",
            "provincial",
            2019,
        ),
        ("Mr Speaker, I beg to move.", "Singapore_budget_speech_1962.txt", "Singapore", "central", 1962),
        (
            "北京某某标志保护条例\n\n2002年2月4日 中华人民共和国国务院令第345号公布\n\n第一条 内容。",
            "x.txt",
            "中国",
            "central",
            2002,
        ),
        ("随便一段话。", "随便.txt", "", "other", None),
        ("所需材料\n暂住证的起始时间应在2016年4月20日之前，且在有效期内。", "材料.txt", "", "other", None),
        (
            "各市局，各有关单位：\n为落实国家标准和中央部署，推动我省产业做大做强，服务全省经济社会发展，依照部署制定本意见如下各条。\n一、总则",
            "文档.txt",
            "",
            "provincial",
            None,
        ),
    ],
)
def test_region_level_and_year_come_from_the_surest_clue(text, file, region, level, year):
    found = described(text, file)
    assert (found.region, found.level, found.year) == (region, level, year)


def test_front_matter_wins_over_lines_and_file_name():
    text = "---\ntitle: 柏川市数据条例（2014年）\ndate: '2014-07-16'\n---\n\n其他标题的通知\n\n2019年1月1日\n"
    found = described(text, "2020.md")
    assert (found.title, found.doc_date) == ("柏川市数据条例（2014年）", "2014-07-16")
    assert found.origins["title"] == "front matter"


def test_an_act_is_dated_by_its_last_amendment_even_across_a_wrapped_line():
    text = "某某條例\n1.中華民國八十九年二月九日公布全文\n2.中華民國一百零四年十二\n  月三十日修正公布第 3 條\n第 1 條\n內容。"
    assert described(text).doc_date == "2015-12-30"


def test_the_catalogue_wins_and_its_other_columns_are_kept():
    row = {"title": "Mine", "year": "1999", "level": "county", "project": "A1"}
    found = described("2011年通知\n", row=row)
    assert (found.title, found.year, found.level, dict(found.user)) == ("Mine", 1999, "county", {"project": "A1"})
    assert found.origins["title"] == "catalogue"


def test_rows_of_a_table_do_not_say_where_the_table_is_from():
    document = Document(file="事项.csv", sha256="", text="北京市的事项\n上海市的事项", rows=(object(),))
    assert describe(document).region == ""


def test_catalogue_rows_are_found_by_path_and_by_name(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "catalogue.csv").write_text(
        "File,title,year,mine\nsub/a.txt,A,2001,x\nb.txt,B,,\n", encoding="utf-8-sig"
    )
    sources = [Source(file=name, location=str(tmp_path / name)) for name in ("sub/a.txt", "b.txt", "c.txt")]
    rows = read_catalogues([tmp_path], sources)
    assert rows == {"sub/a.txt": {"": {"title": "A", "year": "2001", "mine": "x"}}, "b.txt": {"": {"title": "B"}}}


def test_catalogue_rows_for_files_in_an_archive_win_over_the_archives_row(tmp_path):
    (tmp_path / "catalogue.csv").write_text(
        "file,region,year\nr/a.zip,云川省,\nr/a.zip!/2024/b.txt,,2024\n", encoding="utf-8"
    )
    rows = read_catalogues([tmp_path], [Source(file="r/a.zip", location=str(tmp_path / "r" / "a.zip"))])["r/a.zip"]
    assert row_of(rows, "r/a.zip", "r/a.zip!/2024/b.txt") == {"region": "云川省", "year": "2024"}
    assert row_of(rows, "r/a.zip", "r/a.zip!/c.txt") == {"region": "云川省"}


def test_all_problems_of_a_catalogue_are_reported_at_once(tmp_path):
    (tmp_path / "catalogue.csv").write_text(
        "file,year,level\na,20x1,provncial\na,2001,city\n,2002,\n", encoding="utf-8"
    )
    with pytest.raises(UsageError) as caught:
        read_catalogue(tmp_path)
    message = str(caught.value)
    assert "line 2" in message
    assert 'did you mean "provincial"' in message
    assert "has a row already" in message
    assert "line 4" in message
    assert len(message.splitlines()) == 4


@pytest.mark.parametrize(
    ("item", "written", "read"),
    [("doc_date", ["2024/3/5", "2024-03-05", "2024年3月5日", "20240305", "2024/03/05 0:00", "2024.3.5", "２０２４/３/５"], "2024-03-05"),
     ("doc_date", ["2005年12月29日", "二〇〇五年十二月二十九日", "29 December 2005"], "2005-12-29"),
     ("doc_date", ["2024年3月", "2024/3", "2024-03"], "2024-03"),
     ("doc_date", ["2015", "2015年", "'2015", "2015.0", "2015年度"], "2015"), ("year", ["2015", "2015年", "2015.0", "'2015"], "2015"),
     ("level", ["provincial", "Provincial", "省级", "省級", "省"], "provincial"), ("level", ["市级", "地市级", "市"], "city"),
     ("level", ["县级", "區縣級", "县"], "county"), ("level", ["国家级", "中央", "國家級"], "central"), ("level", ["其他"], "other"),
     ("doc_type", ["Notice"], "notice")],
)  # fmt: skip
def test_what_spreadsheets_and_people_write_in_a_catalogue_is_read(tmp_path, item, written, read):
    lines = [f"{n}.txt,{value}" for n, value in enumerate(written)]
    (tmp_path / "catalogue.csv").write_text("\n".join([f"file,{item}", *lines]), encoding="utf-8")
    assert [row[item] for row in read_catalogue(tmp_path).values()] == [read] * len(written)


@pytest.mark.parametrize(
    ("item", "written"),
    [("doc_date", ["2024/13/5", "5.3.24", "2024年至2025年", "2024-03-05 and later", "45356", "2024-13"]),
     ("year", ["15", "2015-16", "2024/3/5"]), ("level", ["副省级", "provncial", "镇"]), ("doc_type", ["红头文件"])],
)  # fmt: skip
def test_what_is_no_value_of_a_column_of_the_catalogue_is_named_a_line_each(tmp_path, item, written):
    lines = [f"{n}.txt,{value}" for n, value in enumerate(written)]
    (tmp_path / "catalogue.csv").write_text("\n".join([f"file,{item}", *lines]), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_catalogue(tmp_path)
    problems = str(caught.value).splitlines()
    assert [f'"{value}"' in problem for value, problem in zip(written, problems, strict=True)] == [True] * len(written)
    if item == "level":
        assert all(
            "central (中央), provincial (省级), city (市级), county (县级), other (其他)" in line for line in problems
        )
    assert not [
        line for line in worded_error(str(caught.value), "zh").splitlines() if "第" not in line or " one of " in line
    ]


def test_rows_that_name_no_document_are_told_in_the_language_of_the_reader(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("XIETONG_LANG", "zh")
    (tmp_path / "catalogue.csv").write_text("file,title\na.txt,A\nb.txt,B\n", encoding="utf-8")
    read_catalogues([tmp_path], [Source(file="a.txt", location=str(tmp_path / "a.txt"))])
    assert "2 行中有 1 行所写的文件不在本次运行中" in caplog.text


def test_a_catalogue_saved_by_chinese_excel_is_read(tmp_path):
    (tmp_path / "catalogue.csv").write_bytes("file;title\na.txt;标题\n".encode("gb18030"))
    assert read_catalogue(tmp_path) == {"a.txt": {"title": "标题"}}


def test_a_catalogue_is_found_from_a_relative_input_and_is_no_document(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "catalogue.csv").write_text("file,title\na.txt,A\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = ("a.txt", "catalogue.csv")
    sources = [Source(file=name, location=str(tmp_path / "mine" / name)) for name in names]
    assert read_catalogues(["mine"], sources) == {"a.txt": {"": {"title": "A"}}}
    assert [source.file for source in documents_only(sources)] == ["a.txt"]


@pytest.mark.parametrize(
    "text", ["-" * 5000, "关于印发" * 2000, "(" * 5000, "第一届" * 2000, "2021年" * 2000, "——" * 3000, "《" * 4000]
)
def test_hostile_first_lines_cost_no_time(text):
    started = perf_counter()
    described(text, "-" * 200 + ".txt")
    described("\n".join(text[:300] for _ in range(60)))
    assert perf_counter() - started < 2


def test_columns_of_a_table_state_the_metadata_and_the_catalogue_wins() -> None:
    columns = {
        "标题": "关于推进协作的意见",
        "省份": "广东",
        "城市": "深圳",
        "年份": "2021年",
        "层级": "市级",
        "重要性": "高",
    }
    document = Document(file="a.csv!/1", sha256="", text="推进协作。\n", columns=columns)
    found = describe(document, (), {"year": "2020"})
    assert (found.title, found.region, found.level, found.doc_type) == (
        "关于推进协作的意见",
        "广东省/深圳市",
        "city",
        "opinion",
    )
    assert (found.year, found.origins["year"], found.origins["region"]) == (2020, "catalogue", "column 省份, 城市")
    assert found.user == {"重要性": "高"}


def test_a_column_that_is_not_understood_is_kept_beside_what_was_worked_out() -> None:
    document = Document(
        file="a.csv!/1", sha256="", text="推进协作。\n", columns={"year": "“十四五”时期", "date": "2021-3-5"}
    )
    found = describe(document)
    assert (found.year, found.doc_date, found.user) == (2021, "2021-03-05", {"year_given": "“十四五”时期"})


def test_cells_of_a_workbook_are_no_title_of_it_and_its_first_line_may_be():
    media_type = "application/vnd.ms-excel"
    tips = Document(file="海陵市.xls", sha256="", media_type=media_type, text="Tips\n1. 直接搜索云川省规划\t2. 再看\n")
    named = Document(file="海陵市.xls", sha256="", media_type=media_type, text="海陵市人口政策汇总\n类别\t依据\n")
    assert describe(tips).title == "海陵市"
    assert describe(named).title == "海陵市人口政策汇总"


def test_an_act_of_ministries_is_the_centres_though_a_city_posted_it():
    text = (
        "外商投资航道服务企业管理规定\n来源： 日期： 2014-04-29\n（2003年2月13日建设部、对外贸易经济合作部第16号联合发布"
        "　自2003年5月1日起施行　根据2011年《住建部关于废止和修改部分规章的决定》修正）\n第一条　为了规范服务，制定本规定。\n"
    )
    found = described(text, file="深圳_t20130807_94973.htm")
    assert (found.region, found.level) == ("中国", "central")
    assert (found.issuer, found.doc_date) == ("建设部、对外贸易经济合作部", "2003-02-13")


def test_a_title_loses_the_blank_of_a_line_that_ended_at_a_quotation():
    assert described("印发澜江省《居住证》 暂行办法的通知\n各市：\n").title == "印发澜江省《居住证》暂行办法的通知"
    assert described("中共中央 国务院关于航道的意见\n各市：\n").title == "中共中央 国务院关于航道的意见"
