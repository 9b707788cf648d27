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
    assert places_by_abbreviation()["粤"].name_zh == "广东省"


def test_a_name_shared_by_a_province_and_a_city_is_the_province():
    (mention,) = find_places("吉林的冬天")
    assert resolve(mention.places, ()).name_zh == "吉林省"
    (mention,) = find_places("吉林市的冬天")
    assert mention.places[0].region == "吉林省/吉林市"


def test_parents_are_places_of_the_gazetteer():
    names = {place.name_zh for place in load_places()}
    for place in load_places():
        assert set(filter(None, place.parent.split("/"))) <= names, place
