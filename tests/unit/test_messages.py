from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

import xietong
from xietong.errors import UsageError
from xietong.messages import LANGUAGES, both, catalogue, language_of, message, product_language

PACKAGE = Path(xietong.__file__).parent


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_message_exists_in_both_languages_with_the_same_names():
    for key, texts in catalogue().items():
        assert all(texts[language].strip() for language in LANGUAGES), key
        assert _names(texts["en"]) == _names(texts["zh"]), key


def test_chinese_messages_are_chinese_and_english_ones_are_not():
    for key, texts in catalogue().items():
        assert re.search("[\u4e00-\u9fff]", texts["zh"]), key
        assert not re.search("[\u4e00-\u9fff]", texts["en"]), key


def test_the_report_asks_for_no_message_that_is_missing():
    used = set()
    for file in (PACKAGE / "report" / "page").iterdir():
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'\bt\("(\w+)"', text)) | set(re.findall(r'data-t="(\w+)"', text))
    assert len(used) > 50
    assert used <= set(catalogue())


def test_every_text_of_the_report_is_used():
    scripts = "".join(file.read_text(encoding="utf-8") for file in (PACKAGE / "report" / "page").iterdir())
    made = (
        "report_facet_",
        "report_status_",
        "report_kind_",
        "report_level_",
        "report_nav_",
        "report_by_",
        "report_only_",
    )
    named = [key for key in catalogue() if key.startswith("report_") and not key.startswith((*made, "report_crossed_"))]
    fields = {f"report_{name}" for name in ("document", "year", "region", "kind", "level")}
    assert [key for key in named if key not in fields and f'"{key}"' not in scripts] == []


@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "zh_TW", "LC_ALL": "C"}, "en"),
     ({"XIETONG_LANG": "zh", "LC_ALL": "C"}, "zh"), ({"XIETONG_LANG": "中文"}, "zh"), ({"LANG": "C.UTF-8"}, "en")],
)  # fmt: skip
def test_the_environment_says_which_language(environment, language):
    assert product_language(environment) == language


@pytest.mark.parametrize(
    ("language", "written"),
    [("zh", "zh zh-CN zh_CN zh-Hans zh_TW.UTF-8 ZH cn CN 中文 简体中文 繁體 Chinese"),
     ("en", "en en-US en_GB.UTF-8 EN English 英文")],
)  # fmt: skip
def test_a_language_is_understood_however_it_is_written(language, written):
    assert {language_of(given) for given in written.split()} == {language}
    assert language_of("") == ""


@pytest.mark.parametrize("given", ["fr", "法文", "z", "_", "zhen"])
def test_another_language_is_refused_in_both(given):
    with pytest.raises(UsageError, match=r"无法识别的语言.*is not known"):
        language_of(given)


@pytest.mark.parametrize(
    ("words", "setting"),
    [(["run", "in.txt", "--lang", "fr"], ""), (["--lang", "fr", "run", "in.txt"], ""), (["run", "in.txt"], "fr"),
     (["report", "out", "--lang", "fr"], ""), (["codebook", "suggest", "out", "ecology", "--language", "fr"], "")],
)  # fmt: skip
def test_another_language_stops_a_command_before_any_work(words, setting, tmp_path):
    (tmp_path / "in.txt").write_text("推动区域产业协同。", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "xietong", *words], capture_output=True, encoding="utf-8", cwd=tmp_path, check=False,
        env=os.environ | {"XIETONG_LANG": setting, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "无法识别的语言“fr”" in done.stderr
    assert "the language “fr” is not known" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.txt"]


def test_a_run_and_its_report_take_a_language_however_it_is_written(tmp_path):
    (tmp_path / "in.txt").write_text("推动区域产业协同。", encoding="utf-8")
    calls = (["run", "in.txt", "--out", "out", "--jobs", "1", "--lang", "zh-CN"], ["report", "out", "--lang", "中文"])
    for words in calls:
        done = subprocess.run(
            [sys.executable, "-m", "xietong", *words], capture_output=True, encoding="utf-8", cwd=tmp_path, check=False,
            env=os.environ | {"XIETONG_LANG": "", "LC_ALL": "C", "PYTHONUTF8": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert '<html lang="zh-Hans">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_missing_message_is_an_error():
    with pytest.raises(KeyError):
        message("no such message", "en")


def test_headings_come_in_both_languages():
    assert both("documents") == f"{message('documents', 'zh')} {message('documents', 'en')}"


def help_texts(command):
    """Every text that `--help` shows of a command, its options and its subcommands."""
    yield (command.help or "").partition("Example: ")[0].strip()
    yield from (p.help for p in command.params if getattr(p, "help", None))
    for subcommand in getattr(command, "commands", {}).values():
        yield from help_texts(subcommand)


def test_every_help_text_has_a_chinese_one_and_none_is_left_over():
    import typer

    from xietong.cli import app
    from xietong.messages import help_in_chinese

    headings = {"Options", "Arguments", "Commands", "Usage: ", "Example: ", "Show this message and exit."}
    assert set(help_texts(typer.main.get_command(app))) == set(help_in_chinese()) - headings


@pytest.mark.parametrize("arguments", [["--lang", "zh"], ["--lang=zh"], []])
def test_help_is_chinese_where_asked(arguments):
    environment = os.environ | {"XIETONG_LANG": "" if arguments else "zh", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "xietong", *arguments, "sample", "--help"],
        capture_output=True, encoding="utf-8", env=environment | {"PYTHONUTF8": "1"}, check=True,
    )  # fmt: skip
    assert "选项" in done.stdout
    assert "用法：" in done.stdout
    assert "示例：xietong sample outputs/sample" in done.stdout
    assert "Options" not in done.stdout
