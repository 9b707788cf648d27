import pytest

from xietong.gazetteer import find_places, load_places, places_by_abbreviation, resolve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("黑龙江省哈尔滨市", ["黑龙江省", "哈尔滨市"]),  # not 龙江
        ("海南州与海南省", ["海南州", "海南省"]),
        ("上海南站", ["上海"]),  # not 海南
        ("浙江西部", ["浙江"]),  # not 江西
        ("黄河南岸的河南郑州", ["河南", "郑州"]),
        ("中山东路", []),
        ("来宾们观看日照", []),  # names that are words
        ("城市和县城", []),
        ("含山县、和县", ["含山县", "和县"]),
        ("振兴县域经济", []),
        ("培育东方市场", []),
        ("泰山区域", []),
        ("泰安市泰山区", ["泰安市", "泰山区"]),
        ("陕南山区", []),
        ("深圳市南山区", ["深圳市", "南山区"]),
        ("各县城区和矿区", []),
        ("晋城市城区", ["晋城市", "城区"]),
        ("景宁县与景宁畲族自治县", ["景宁县", "景宁畲族自治县"]),
        ("trade with Hong Kong and Singapore", ["Hong Kong", "Singapore"]),
        ("the Parisian Chinatown", []),
    ],
)
def test_places_are_found_whole_and_not_inside_other_words(text, expected):
    assert [mention.name for mention in find_places(text)] == expected


def test_every_province_has_an_abbreviation_and_a_code():
    provinces = [place for place in load_places() if place.kind == "province"]
    assert len(provinces) == 34
    assert all(place.abbreviations and len(place.code) == 6 for place in provinces)
    assert [place.name_zh for place in places_by_abbreviation()["粤"]] == ["广东省"]


def test_a_name_shared_by_a_province_and_a_city_is_the_province():
    (mention,) = find_places("吉林的冬天")
    assert resolve(mention.places, ()).name_zh == "吉林省"
    (mention,) = find_places("吉林市的冬天")
    assert mention.places[0].region == "吉林省/吉林市"


def test_parents_are_places_of_the_gazetteer():
    names = {place.name_zh for place in load_places() if place.kind != "county"}
    for place in load_places():
        assert set(filter(None, place.parent.split("/"))) <= names, place


def test_china_is_covered_down_to_counties():
    kinds = {kind: [p for p in load_places() if p.kind == kind and p.country == "中国"] for kind in ("city", "county")}
    assert len([place for place in kinds["city"] if place.parent not in ("台湾",)]) >= 333
    assert len(kinds["county"]) >= 2800
    assert len({(place.name_zh, place.parent) for place in kinds["county"]}) == len(kinds["county"])


def test_a_shared_county_name_is_settled_by_the_city_beside_it():
    mentions = find_places("长春市与其朝阳区")
    shared = mentions[-1].places
    assert len(shared) >= 2
    assert resolve(shared, mentions[0].places).region == "吉林省/长春市/朝阳区"
