"""Every message of an error of ours has its Chinese: the raise statements themselves are the list."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import xietong
from xietong.messages import worded_error

PACKAGE = Path(xietong.__file__).parent
OURS = {
    "UsageError", "CodebookError", "RunFolderError", "MissingExtraError", "ModelError", "UnreadableSheetError", "FileExistsError",
}  # fmt: skip
#: Names and values that stay as they are in any language.
SAME = re.compile(
    r"`[^`]*`|pip install \S+|\S*[_./=\"]\S*|[A-Z]\S*|--\S+ ?\S*|\b(?:file|year|code|region|confidence|coder|hand)\b"
)


def messages_of(tree: ast.AST):
    """The texts given to errors and problems of codebooks, with 7 for each particular."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in OURS:
                yield node, node.args[0]
            elif node.func.id == "Problem":
                yield from ((node, text) for text in node.args[3:])


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(piece.value if isinstance(piece, ast.Constant) else "7" for piece in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


TEXTS = sorted(
    {
        (file.relative_to(PACKAGE).as_posix(), text)
        for file in PACKAGE.rglob("*.py")
        for _, node in messages_of(ast.parse(file.read_text(encoding="utf-8")))
        if (text := text_of(node))
    }
)


def test_the_messages_are_found():
    assert len(TEXTS) > 180


@pytest.mark.parametrize(("file", "text"), TEXTS)
def test_message_has_its_chinese(file, text):
    # "the {what} is empty" of the codebook is about a facet or a code
    text = text.replace("the 7 is empty", "the code is empty").replace("the 7 7 cannot", "the code 7 cannot")
    said = worded_error(text, "zh")
    assert said != text, f"data/errors.csv has no Chinese for: {text}"
    assert not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", SAME.sub("", said)), said


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "The codebook mine has 2 problems:\n  terms.csv, line 3: the code 'transprt' is not in codes.csv. Did you mean "
            "'transport'?\n  codes.csv: is empty. Its first line is facet,code,scale …",
            "编码手册 mine 有 2 处问题：\n  terms.csv 第 3 行：编码 'transprt' 不在 codes.csv 中。是否为 'transport'？\n"
            "  codes.csv：为空。首行应为 facet,code,scale …",
        ),
        (
            'coding.xlsx: row 3: no coder; fill the column coder, or give a name with the file; row 4, market: "x" is not '
            "between 0 and 1; and 12 more",
            "coding.xlsx：第 3 行：没有编码员；请填写 coder 列，或另给出姓名；第 4 行 market：“x”不在 0 与 1 之间；另有 12 处",
        ),
        (
            '/d/catalogue.csv line 2: level "provinical" is not known; did you mean "provincial"?',
            "/d/catalogue.csv 第 2 行：没有这样的 level“provinical”；是否为“provincial”？",
        ),
        (
            "terms.csv, line 3: the language 'cn' is not known. Did you mean 'zh'? Terms in traditional script are zh as well.",
            "terms.csv 第 3 行：无法识别的语言 'cn'。是否为 'zh'？繁体词也写 zh。",
        ),
        ("no codes by zhang; the coders are none", "没有 zhang 的编码；现有编码员为 无"),
        ("something that nobody has put into words", "something that nobody has put into words"),
    ],
)
def test_particulars_keep_their_place(english, chinese):
    assert worded_error(english, "zh") == chinese
    assert worded_error(english, "en") == english


def test_what_users_wrote_may_hold_any_number_of_colons():
    columns = ", ".join(f"Q{n}: 您的年龄" for n in range(3000))
    said = worded_error(f"codes.xlsx has no column passage_id; its columns are {columns}", "zh")
    assert said == f"codes.xlsx 没有 passage_id 列；现有 {columns}"
    assert worded_error(f"a: {columns}", "zh") == f"a: {columns}"


def test_many_problems_are_worded_at_once():
    many = "codes.xlsx: " + "; ".join(f"row {n}: zhang codes passage p{n} a second time" for n in range(2, 32))
    assert worded_error(many, "zh").count("第二次为语段") == 30


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["run", "--nosuch"], "没有选项 --nosuch"),
        (["run", "--jobs", "x"], "'--jobs' 的取值无效：应为整数"),
        (["explain"], "缺少参数 'RUN'"),
        (["nosuch"], "没有命令 'nosuch'"),
        (["kwic", "a", "b", "c"], "多余的参数：c"),
        (["codebook"], "检查或查看编码手册"),
    ],
)
def test_wrong_call_is_answered_in_chinese(call, said):
    environment = os.environ | {"XIETONG_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "xietong", *call], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2
    assert said in done.stderr + done.stdout
    assert "Error" not in done.stderr
