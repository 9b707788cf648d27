"""Opens the parts of office documents (ZIP archives of XML) within bounds, with entities and network switched off."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from xietong.ingest.bounds import MB, Bounds
from xietong.ingest.reasons import Unreadable

_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_CHUNK = 1 << 20


class Package:
    """The parts of one office document, read when asked for."""

    def __init__(self, data: bytes, *, format: str, bounds: Bounds) -> None:
        self.format = format
        self.bounds = bounds
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
            raise Unreadable("damaged", format=format, what="it is cut off, or not a whole ZIP archive") from error
        # the last member of a name counts, as in office programs; leading slashes and backslashes are slips of writers
        self._members = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in self._zip.infolist()}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._members

    def names(self) -> list[str]:
        """Give the names of the parts, in lower case."""
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        """Give a part's bytes; counts what comes out, whatever the archive claims."""
        info = self._members.get(name.lower())
        if info is None:
            raise Unreadable("damaged", format=self.format, what=f"its part {name} is missing")
        if info.flag_bits & 1:
            raise Unreadable("encrypted")
        return b"".join(unpack(self._zip, info, self.bounds.part_mb))

    def parse(self, name: str) -> Any:
        """Give a part as an XML tree."""
        return parse_xml(self.read(name), self.format)


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, bound_mb: int) -> Iterator[bytes]:
    """Give a member's bytes in pieces, and stop at the bound.

    Raises
    ------
    Unreadable
        If it is damaged, encrypted, compressed in an unknown way, or larger than the bound.
    """
    size = 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                size += len(chunk)
                if size > bound_mb * MB:
                    raise Unreadable("bomb", bound=bound_mb)
                yield chunk
    except NotImplementedError as error:
        raise Unreadable("unknown_compression", what=f"method {info.compress_type}") from error
    except RuntimeError as error:
        raise Unreadable("encrypted") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Unreadable("damaged_member", what="its check sum or length is wrong") from error


def parse_xml(data: bytes, format: str) -> Any:
    """Parse XML that declares no entities; give its root element.

    Raises
    ------
    Unreadable
        If it is malformed, or has a document type declaration.
    """
    from lxml import etree

    if any(doctype in data for doctype in _DOCTYPES):
        raise Unreadable("forbidden_xml", format=format)
    # huge_tree lets tables nest deeper than 256; what it switches off guards against entities, which were refused above
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable("damaged", format=format, what=str(error.msg)) from error
    if root is None:
        raise Unreadable("damaged", format=format, what="it has no content")
    return root


def local_name(element: Any) -> str:
    """Give an element's name without its namespace; "" for comments and processing instructions, which have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
