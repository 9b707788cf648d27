"""Titles and issuers as scholars would name them, on invented texts."""

import pytest

from xietong.metadata import describe
from xietong.metadata.clues import Clues
from xietong.metadata.issuers import find_issuer
from xietong.metadata.titles import document_type_of
from xietong.records import Document, Mark

HTML = "text/html"


def described(text="", file="a.txt", **fields):
    return describe(Document(file=file, sha256="", text=text, **fields))


def marked(text, heading):
    start = text.index(heading)
    return (Mark(kind="heading", start=start, end=start + len(heading), level=1),)


def test_cells_of_a_label_table_are_values_and_no_title():
    text = (
        "索 引 号  \tA0111/2021-7 \t信息分类 \t意见\n发文机关 \t澜江省教育厅\n标      题 \t澜江省教育厅关于学前教育的意见\n"
        "发文字号 \t澜教〔2021〕7号 \t成文日期 \t2021-04-19\n\n各市教育局：\n"
    )
    found = described(text)
    assert (found.title, found.issuer) == ("澜江省教育厅关于学前教育的意见", "澜江省教育厅")
    assert found.doc_date == "2021-04-19"


def test_tabs_that_only_space_out_a_heading_are_no_cells():
    assert described("政\t府\t工\t作\t报\t告\n\n各位代表：\n").doc_type == "work report"


@pytest.mark.parametrize(
    ("lines", "issuer"),
    [
        ("来源： 日期： 2014-04-29", ""),
        ("发布机构：\n分类：", ""),
        ("发布机构：\n柏川市水务局", "柏川市水务局"),
        ("发布单位： 柏川市水务局\u00a0\u00a0 发布时间：2013-07-01", "柏川市水务局"),
        ("来源：柏川市水务局 浏览次数：", "柏川市水务局"),
        ("【颁布单位】 有关委局", ""),
        ("发布机构：柏川市相关部门", ""),
        ("来源：本站原创", ""),
        ("发布机构：网络安全和信息化委员会办公室", "网络安全和信息化委员会办公室"),
        ("来源：柏川市人民政府门户网站", "柏川市人民政府"),
        ("来源：柏川市人民政府门户网站\n来源：柏川市水务局", "柏川市水务局"),
    ],
)
def test_a_label_gives_an_issuer_only_where_a_body_stands_behind_it(lines, issuer):
    assert described(f"节水工作要点\n{lines}\n\n内容如下。\n").issuer == issuer


@pytest.mark.parametrize(
    ("title", "issuer"),
    [
        ("国家发展改革委 工业和信息化部关于节能的通知", "国家发展改革委 工业和信息化部"),
        ("柏川市医疗保险服务中心关于缴费的通告", "柏川市医疗保险服务中心"),
        ("澜江省教育厅等七部门关于实践教育的意见", "澜江省教育厅等七部门"),
        ("中共中央关于农村工作的决定", "中共中央"),
        ("国務院關於節能的通知", "国務院"),
        ("解读柏川市政府关于节能的通知", ""),
    ],
)
def test_a_title_names_its_issuers_as_they_stand(title, issuer):
    assert described(f"{title}\n\n各单位：\n现就有关事项通知如下。\n").issuer == issuer


def test_the_title_says_better_who_issued_than_who_posted():
    found = described("发布机构：柏川市科学技术局\n\n柏川市人民政府办公室印发《人才办法》的通知\n\n各县：\n")
    assert (found.issuer, found.origins["issuer"]) == ("柏川市人民政府办公室", "title")


@pytest.mark.parametrize(
    ("made", "issuer"),
    [
        (
            "（2012年4月17日柏川市人民政府第6次常务会议审议通过 2012年4月23日柏川市人民政府令第80号公布）",
            "柏川市人民政府",
        ),
        ("《柏川市文件管理办法》已于2012年1月14日经市人民政府第82次常务会议通过，现予公布。", "柏川市人民政府"),
        ("（1994年9月5日建设部令第37号发布）", "建设部"),
        ("2020年4月29日 柏川市第八届人民代表大会第五次会议审议通过", "柏川市人民代表大会"),
        ("1.中華民國九十四年一月十七日農業部農發字第 0940085002 號令修正", "農業部"),
        ("第一条 根据《居住证暂行条例》（国务院令第663号），制定本办法。", ""),
    ],
)
def test_an_act_is_issued_by_who_adopted_it_and_not_by_who_is_cited(made, issuer):
    assert described(f"柏川市文件管理办法\n\n{made}\n\n第二条 内容。\n", "柏川市文件管理办法.txt").issuer == issuer


def test_a_red_letterhead_names_the_issuer():
    assert (
        described("柏川市人民政府文件\n柏府〔2012〕11号\n关于印发《供水办法》的通知\n各镇：\n").issuer
        == "柏川市人民政府"
    )


def test_a_government_named_without_its_place_gets_it():
    document = Document(file="深圳_a.txt", sha256="", text="市政府关于印发深圳供水办法的通知\n")
    assert describe(document).issuer == "深圳市人民政府"


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("00001", "关于印发供水办法的通知"),
        ("政策法规-柏川信息网", "关于印发供水办法的通知"),
        ("通知公告", "关于印发供水办法的通知"),
        ("中国柏川 - 澜江省人民政府关于改革的意见", "澜江省人民政府关于改革的意见"),
        ("柏川市水务局网站-城市供水条例", "城市供水条例"),
        ("柏川市水务局关于供水的通知-水务类规范性文件-柏川水务局", "柏川市水务局关于供水的通知"),
        ("中国—东盟博览会促进办法", "中国—东盟博览会促进办法"),
        ("供水规划（征求意见稿）-附件", "供水规划（征求意见稿）-附件"),
    ],
)
def test_a_web_page_adds_sites_and_sections_that_are_no_title(stated, title):
    found = described("关于印发供水办法的通知\n各县：\n", "a.html", media_type=HTML, properties={"title": stated})
    assert found.title == title


def test_the_name_of_the_site_does_not_say_where_a_document_is_from():
    stated = {"title": "中国龙岩 - 福建省人民政府关于改革的意见"}
    found = described("各县：\n内容。\n", "a.html", media_type=HTML, properties=stated)
    assert (found.region, found.level, found.issuer) == ("福建省", "provincial", "福建省人民政府")


def test_a_menu_before_the_title_is_no_part_of_it():
    stated = {"title": "柏川市生活补贴实施办法"}
    found = described("快捷助手\n柏川市生活补贴实施办法\n", "a.html", media_type=HTML, properties=stated)
    assert found.title == "柏川市生活补贴实施办法"


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("柏川市政府工作报告（2020年1月7日 顾怀远）", "柏川市政府工作报告"),
        ("柏川市政府工作报告 （2014年2月11日顾怀远）", "柏川市政府工作报告"),
        ("柏川市条例（2020年1月7日征求意见稿）", "柏川市条例（2020年1月7日征求意见稿）"),
        ("柏川市条例（草案）", "柏川市条例（草案）"),
        ("柏川市条例（2019年修正）", "柏川市条例（2019年修正）"),
    ],
)
def test_a_title_loses_day_and_speaker_and_keeps_its_own_brackets(stated, title):
    assert described(f"---\ntitle: {stated}\n---\n\n各位代表：\n").title == title


def test_the_day_behind_a_title_dates_the_document():
    found = described("---\ntitle: 柏川市政府工作报告（2020年1月7日 顾怀远）\n---\n\n各位代表：\n")
    assert (found.doc_date, found.year) == ("2020-01-07", 2020)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("二〇一二年六月十九日\n柏川市供水办法\n第一条 内容。\n", "柏川市供水办法"),
        ("柏川市人民政府办公室 2014年10月23日\n柏川市供水办法\n第一条 内容。\n", "柏川市供水办法"),
        (
            "首页 概况 公开 办事 互动\n热词 权责清单 政府工作报告\n印发柏川市供水办法的通知\n",
            "印发柏川市供水办法的通知",
        ),
        ("首页\n>\n柏川要闻\n2026年柏川市政府工作报告\n", "2026年柏川市政府工作报告"),
        ("柏政令第 49 号\n柏川市供水办法\n第一条 内容。\n", "柏川市供水办法"),
        ("《柏川市供水办法》已经2004年10月29日市\n政府会议通过\n柏川市供水办法\n", "柏川市供水办法"),
        ("时 效 性： 有效\n柏川市供水办法\n第一条 内容。\n", "柏川市供水办法"),
        ("柏川市供水办法\n（征求意见稿）\n第一条 内容。\n", "柏川市供水办法（征求意见稿）"),
        ("《柏川市供水条例》\n修正案（草案）\n一、修改。\n", "《柏川市供水条例》修正案（草案）"),
        (
            "某某办公厅转发教育厅等部门\n关于做好务工人员\n子女升学考试\n工作意见的通知\n",
            "某某办公厅转发教育厅等部门关于做好务工人员子女升学考试工作意见的通知",
        ),
        ("关于参加基本医疗保险的处理意见 （柏劳社〔2004〕135号）\n各机构：\n", "关于参加基本医疗保险的处理意见"),
        ("Raw 83 lines of text\n关于做好供水工作的意见\n各县：\n", "关于做好供水工作的意见"),
        ("会议通过的《\n柏川市供水规划\n》，提出了目标。\n", "a"),
        ("为贯彻落实省政府关于供水的办法\n各县：\n", "a"),
    ],
)
def test_lines_around_a_title_are_no_part_of_it_and_remarks_are(text, title):
    assert described(text).title == title


def test_a_numbered_heading_is_no_title():
    text = "柏川市教育局关于2016年本市初中\n招生工作的意见\n各县：\n（一）招生考试\n内容。\n"
    assert described(text, marks=marked(text, "（一）招生考试")).title == "柏川市教育局关于2016年本市初中招生工作的意见"


def test_a_heading_goes_on_as_far_as_the_file_is_named_by_it():
    text = "柏川市务工人员积分\n入户申请表\n姓名：\n"
    assert described(text, "澜江_柏川市务工人员积分入户申请表2012.doc").title == "柏川市务工人员积分入户申请表"


def test_a_long_english_title_in_the_first_line_is_a_title():
    title = "Regulations for Incentives and Guidance to Professional Engineering Consulting Firms under the Harbour Act"
    assert described(f"{title}\n\nArticle 1\nThese Regulations are made.\n").title == title


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("解读《柏川市住房保障管理办法》", "article"),
        ("《柏川市住房保障管理办法》解读", "article"),
        ("《管理规定》的补充规定", "regulation"),
        ("柏川市人民政府印发《供水意见》", "opinion"),
    ],
)
def test_what_a_title_cites_is_not_what_it_is(title, kind):
    assert document_type_of(title) == kind


def test_a_government_that_explains_its_act_keeps_its_level():
    found = described("解读《深圳市供水办法》\n\n本办法自2012年起施行。\n", "深圳_解读.txt")
    assert (found.doc_type, found.level) == ("article", "city")


def test_a_document_is_not_dated_by_the_day_it_ends():
    text = "失效时间：2030年08月05日\n文号：柏规〔2025〕1号\n柏川市供水办法\n2025年8月5日公布，有效期至2030年8月5日\n第一条 内容。\n"
    assert described(text).doc_date == "2025-08-05"


def test_our_city_is_no_name_of_a_place():
    assert described("关于切实做好我市供水工作的意见\n各县：\n").region == ""


def test_a_chinese_title_has_its_region_in_chinese():
    text = "关于深圳供水工作的意见\n" + "Skip to content and sign in to see this page.\n" * 20
    assert described(text).region == "广东省/深圳市"


def test_no_issuer_where_nothing_names_one():
    assert find_issuer(Clues(), "", "") == ("", "")
