"""Makes inputs that are broken, lying, oversized or hostile, each a few kilobytes on disk: name to bytes.

All are about invented things and do no harm; what a reader must not do with them is start a program, open a connection,
write a file, or use up time and memory. Names end in what the content claims to be.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

TEXT = "云川省与海陵市推进区域协调发展，共建产业园区。"
GOOD = TEXT.encode()
MAKERS: dict[str, Callable[[], bytes]] = {}


def hostile_inputs() -> dict[str, bytes]:
    """Give all inputs."""
    return {name: make() for name, make in MAKERS.items()}


def _named(name: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        MAKERS[name] = make
        return make

    return keep


def _zip(members: dict[str, bytes], *, mode: int = 0, flags: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, data)
    data = out.getvalue()
    if flags:  # in each local and each central header
        for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = data.find(magic)
            while place >= 0:
                data = data[: place + at] + bytes([data[place + at] | flags]) + data[place + at + 1 :]
                place = data.find(magic, place + 4)
    return data


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def _docx(body: str, before: str = "", **more: bytes) -> bytes:
    document = f'<?xml version="1.0"?>{before}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    parts = {"[Content_Types].xml": _TYPES.encode(), "word/document.xml": document.encode()}
    return _zip(parts | {name.replace("__", "/"): data for name, data in more.items()})


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _tar(**fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        good = tarfile.TarInfo("good.txt")
        good.size = len(GOOD)
        archive.addfile(good, io.BytesIO(GOOD))
        info = tarfile.TarInfo(str(fields.pop("name", "bad.txt")))
        for name, value in fields.items():
            setattr(info, name, value)
        if info.size > 10_000:  # claimed, but not there
            archive.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))
        else:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return out.getvalue()


def _pdf(*objects: str, trailer: str = "/Root 1 0 R") -> bytes:
    out = b"%PDF-1.5\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    return out + f"trailer\n<< /Size {len(objects) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _xlsx(sheet: str, **more: bytes) -> bytes:
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": (
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
        ),
        "_rels/.rels": (
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<?xml version="1.0"?><workbook xmlns="{_SHEET}" xmlns:r="{relation}">'
            '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?><worksheet xmlns="{_SHEET}">{sheet}</worksheet>',
    }
    return _zip({name: content.encode() for name, content in parts.items()} | more)


def _row(number: int, *cells: str) -> str:
    return f'<row r="{number}">' + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in cells) + "</row>"


# --- archives ---------------------------------------------------------------------------------------------------------


@_named("bomb_of_zeros.zip")
def _() -> bytes:
    return _zip({"zeros.txt": bytes(200_000_000), "good.txt": GOOD})


@_named("same_bytes_named_often.zip")  # many entries of the list share one member's bytes
def _() -> bytes:
    data = _zip({"a.txt": ("协" * 3_000_000).encode()})
    end = data.rfind(b"PK\x05\x06")
    start = data.find(b"PK\x01\x02")
    entry = data[start:end]
    many = b"".join(entry.replace(b"a.txt", f"{n:05d}".encode()) for n in range(2000))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2000, 2000, len(many), start, 0)
    return data[:start] + many + tail


@_named("archive_in_archive.zip")
def _() -> bytes:
    data = _zip({"good.txt": GOOD})
    for _ in range(40):
        data = _zip({"inner.zip": data})
    return data


@_named("names.zip")  # control characters, right-to-left override, two names that differ in case, a very long one
def _() -> bytes:
    names = (
        "a\x1b[2Jb.txt",
        "\u202egpj.txt",
        "A.txt",
        "a.txt",
        "x" * 5000 + ".txt",
        "../up.txt",
        "C:\\x.txt",
        "con.txt",
    )
    return _zip({name: f"{TEXT}{n}".encode() for n, name in enumerate(names)})


@_named("encrypted.zip")
def _() -> bytes:
    return _zip({"a.txt": GOOD}, flags=1)


@_named("link.zip")
def _() -> bytes:
    return _zip({"passwd.txt": b"/etc/passwd"}, mode=0o120777)


@_named("unknown_method.zip")
def _() -> bytes:
    data = bytearray(_zip({"a.txt": GOOD}))
    data[8] = data[data.find(b"PK\x01\x02") + 10] = 97
    return bytes(data)


@_named("cut_off.zip")
def _() -> bytes:
    return _zip({"a.txt": GOOD * 1000})[:-40]


@_named("device.tar")
def _() -> bytes:
    return _tar(name="null.txt", type=tarfile.CHRTYPE, devmajor=1, devminor=3)


@_named("pipe.tar")
def _() -> bytes:
    return _tar(name="pipe.txt", type=tarfile.FIFOTYPE)


@_named("outside.tar")
def _() -> bytes:
    return _tar(name="../../tmp/hostile_escape_canary", size=5)


@_named("hard_link.tar")
def _() -> bytes:
    return _tar(name="shadow.txt", type=tarfile.LNKTYPE, linkname="/etc/passwd")


@_named("claims_a_terabyte.tar")
def _() -> bytes:
    return _tar(name="huge.txt", size=1 << 40)


@_named("cut_off.tar")
def _() -> bytes:
    return _tar(name="more.txt", size=9000)[:2000]


@_named("bomb.tar.gz")
def _() -> bytes:
    return gzip.compress(bytes(300_000_000), 9)


@_named("cut_off.txt.gz")
def _() -> bytes:
    return gzip.compress(GOOD * 1000)[:-20]


@_named("bomb.txt.bz2")
def _() -> bytes:
    return bz2.compress(bytes(200_000_000))


@_named("large_dictionary.txt.xz")  # asks for 1.5 GB before it unpacks
def _() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(GOOD, format=lzma.FORMAT_XZ, filters=filters))
    data[16] = 39  # 3 GB; the header's check sum follows
    data[20:24] = struct.pack("<I", zlib.crc32(bytes(data[12:20])))
    return bytes(data)


# --- office documents -------------------------------------------------------------------------------------------------


@_named("entities.docx")
def _() -> bytes:
    return _docx(_paragraph("&e;"), '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>')


@_named("laughs.docx")
def _() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return _docx(_paragraph("&l11;"), f'<!DOCTYPE d [<!ENTITY l0 "协同">{levels}]>')


@_named("nested_tables.docx")
def _() -> bytes:
    depth = 3000
    return _docx("<w:tbl><w:tr><w:tc>" * depth + _paragraph(TEXT) + "</w:tc></w:tr></w:tbl>" * depth)


@_named("no_document.docx")
def _() -> bytes:
    return _zip({"[Content_Types].xml": _TYPES.encode(), "word/styles.xml": b"<a/>"})


@_named("bomb.docx")
def _() -> bytes:
    return _docx(_paragraph("协" * 60_000_000))


@_named("remote_template.docx")
def _() -> bytes:
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
        'Target="http://127.0.0.1:48917/x.dotm" TargetMode="External"/></Relationships>'
    )
    return _docx(_paragraph(TEXT), word___rels__document=b"", **{"word___rels__document.xml.rels": relation.encode()})


@_named("utf16_with_doctype.docx")  # hides the declaration from who looks for its bytes
def _() -> bytes:
    document = (
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        f'<w:document xmlns:w="{_WORD}"><w:body>{_paragraph("&e;")}</w:body></w:document>'
    )
    return _zip({"[Content_Types].xml": _TYPES.encode(), "word/document.xml": document.encode("utf-16")})


@_named("cut_off.docx")
def _() -> bytes:
    return _docx(_paragraph(TEXT) * 200)[:600]


@_named("remote_image.odt")
def _() -> bytes:
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"><office:body><office:text>'
        f'<text:p>{TEXT}<draw:image xlink:href="http://127.0.0.1:48917/x.png"/></text:p>'
        "</office:text></office:body></office:document-content>"
    )
    return _zip({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode()})


@_named("empty_rows.xlsx")
def _() -> bytes:
    rows = _row(1, "id", "text") + _row(2, "1", TEXT) + "".join(f'<row r="{n}"/>' for n in range(3, 1_000_000, 2))
    return _xlsx(f'<dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData>')


@_named("impossible_cell.xlsx")
def _() -> bytes:
    cell = f'<c r="ZZZZZZZ99999999999" t="inlineStr"><is><t>{TEXT}</t></is></c>'
    return _xlsx(f'<sheetData>{_row(1, "id", "text")}<row r="2">{cell}</row></sheetData>')


@_named("formulas.xlsx")
def _() -> bytes:
    cells = f'<c><f>WEBSERVICE("http://127.0.0.1:48917/")</f><v>1</v></c><c t="str"><f>1+1</f><v>{TEXT}</v></c>'
    return _xlsx(f'<sheetData>{_row(1, "id", "text")}<row r="2">{cells}</row></sheetData>')


@_named("cut_off.xls")
def _() -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6)
    return head + bytes(600) + "Workbook".encode("utf-16-le") + bytes(300)


@_named("loop.doc")  # a table of sectors that points to itself
def _() -> bytes:
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<HHHHH", head, 24, 62, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<I", head, 76, 0)
    fat = struct.pack("<I", 0xFFFFFFFD) + struct.pack("<I", 1) * 127
    root = "Root Entry".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB", 22, 5, 1) + bytes(60)
    word = "WordDocument".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HBB", 26, 2, 1) + bytes(60)
    return bytes(head) + fat + (root + word).ljust(512, b"\0")


@_named("deep_groups.rtf")
def _() -> bytes:
    return b"{\\rtf1\\ansi " + b"{" * 200_000 + b"x" + b"}" * 200_000 + b"}"


@_named("lies.rtf")  # a binary part longer than the file, characters out of range, an unknown code page
def _() -> bytes:
    return b"{\\rtf1\\ansi\\ansicpg99999 \\u99999999?\\u-70000? text of the plan \\bin2147483647 abc}"


# --- PDF --------------------------------------------------------------------------------------------------------------


@_named("pages_in_a_circle.pdf")
def _() -> bytes:
    return _pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000000 >>")


@_named("nested_arrays.pdf")
def _() -> bytes:
    return _pdf("<< /Type /Catalog /Pages 2 0 R >>", "[" * 100_000 + "]" * 100_000)


@_named("bomb.pdf")
def _() -> bytes:
    stream = zlib.compress(b"BT /F1 12 Tf (x) Tj ET\n" * 20_000_000, 9).decode("latin-1")
    return _pdf(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )


@_named("locked.pdf")
def _() -> bytes:
    lock = "<< /Filter /Standard /V 1 /R 2 /O (" + "a" * 32 + ") /U (" + "b" * 32 + ") /P -4 >>"
    pages = "<< /Type /Pages /Kids [] /Count 0 >>"
    return _pdf("<< /Type /Catalog /Pages 2 0 R >>", pages, lock, trailer="/Root 1 0 R /Encrypt 3 0 R /ID [(a) (a)]")


@_named("starts_a_program.pdf")
def _() -> bytes:
    action = "<< /S /Launch /F (/bin/touch) /Win << /F (calc.exe) >> >>"
    script = "<< /S /JavaScript /JS (app.launchURL('http://127.0.0.1:48917/')) >>"
    return _pdf(
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} /AA << /WC {script} >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    )


# --- pages, mail and text ---------------------------------------------------------------------------------------------


@_named("nested_tags.html")
def _() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + GOOD + b"</div>" * 100_000


@_named("open_comment.html")
def _() -> bytes:
    return b"<html><body><p>" + GOOD + b"</p><!-- " + b"-<!" * 300_000


@_named("scripts.html")
def _() -> bytes:
    attributes = " ".join(f"a{n}='{n}'" for n in range(20_000))
    page = (
        "<html><base href='http://127.0.0.1:48917/'><meta http-equiv=refresh content='0;url=http://127.0.0.1:48917/'>"
    )
    page += f"<body onload='hostilexss_run()' {attributes}><script>hostilexss_run()</script><iframe src=/etc/passwd></iframe>"
    return f"{page}<p>{TEXT}&#xD800;&#0;&#x110000;&nope;</p>".encode()


@_named("entities.xhtml")
def _() -> bytes:
    head = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return f"{head}<html><body><p>{TEXT}&x;</p></body></html>".encode()


@_named("parts_in_parts.eml")
def _() -> bytes:
    head = "From: a@example.org\nSubject: plan\nMIME-Version: 1.0\n"
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2000))
    return f"{head}{parts}Content-Type: text/plain; charset=utf-8\n\n{TEXT}\n".encode()


@_named("two_marks.txt")  # the byte order marks of UTF-8 and UTF-16
def _() -> bytes:
    return b"\xef\xbb\xbf\xff\xfe" + TEXT.encode("utf-16-le")


@_named("lone_surrogates.txt")
def _() -> bytes:
    return b"\xff\xfe" + (TEXT + "\ud800\udfff\udc00").encode("utf-16-le", "surrogatepass") + b"\x00"


@_named("one_line.txt")
def _() -> bytes:
    return TEXT.replace("。", "，").encode() * 40_000


@_named("combining.txt")
def _() -> bytes:
    return GOOD + ("a" + "\u0301" * 300_000).encode() + "\u202e\u2066".encode() * 1000


@_named("escapes.txt")
def _() -> bytes:
    return b"\x1b]0;owned\x07\x1b[2J" + GOOD


# --- tables -----------------------------------------------------------------------------------------------------------


@_named("nul.csv")
def _() -> bytes:
    return f"id,text\n1,{TEXT}\0\n2,{TEXT}\n".encode()


@_named("commas.csv")
def _() -> bytes:
    return b"," * 2_000_000 + b"\n" + b"," * 2_000_000


@_named("open_quote.csv")
def _() -> bytes:
    return ('id,text\n1,"' + f"{TEXT}\n2,{TEXT}\n" * 3000).encode()


@_named("formulas.csv")
def _() -> bytes:
    return f"=cmd|'/c calc'!A1,title,text\n@SUM(1),=1+1,{TEXT}\n+1,-1,{TEXT}二\n".encode()


@_named("many_documents.csv")
def _() -> bytes:
    return ("title,year,text\n" + "".join(f"题{n},{2000 + n % 20},{TEXT}{n}\n" for n in range(3000))).encode()


@_named("broken_lines.jsonl")
def _() -> bytes:
    lines = [
        f'{{"text": "{TEXT}"}}',
        "{",
        '{"text": "\\ud800 ' + TEXT + '"}',
        "[1]",
        '{"text": 1e999999}',
        "NaN",
        "null",
    ]
    return "\n".join([*lines, '{"a":' * 100_000]).encode()


@_named("deep.json")
def _() -> bytes:
    return b'{"a":' * 500_000 + b"1" + b"}" * 500_000


@_named("long_number.json")
def _() -> bytes:
    return b'[{"text": ' + b"9" * 1_000_000 + b"}]"


@_named("lying_footer.parquet")
def _() -> bytes:
    return b"PAR1" + bytes(100) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1"


@_named("noise.parquet")
def _() -> bytes:
    return b"PAR1" + bytes(range(256)) * 40 + struct.pack("<I", 5000) + b"PAR1"


# --- wrong names ------------------------------------------------------------------------------------------------------


@_named("program.pdf")
def _() -> bytes:
    return b"\x7fELF" + bytes(2000)


@_named("text.docx")
def _() -> bytes:
    return GOOD


@_named("docx.txt")
def _() -> bytes:
    return _docx(_paragraph(TEXT))


@_named("page.xls")
def _() -> bytes:
    return f"<html><body><table><tr><td>{TEXT}</td></tr></table></body></html>".encode()


@_named("pickle.csv")
def _() -> bytes:
    return b"\x80\x04cposix\nsystem\n(S'touch hostile_escape_canary'\ntR."


@_named("nothing.pdf")
def _() -> bytes:
    return b""
