"""Reads whatever a scholar has on disk: files, folders and archives in, documents out."""

from xietong.ingest.bounds import Bounds
from xietong.ingest.formats import IngestOptions
from xietong.ingest.isolate import Reader
from xietong.ingest.reader import read_file
from xietong.ingest.sources import find_sources

__all__ = ["Bounds", "IngestOptions", "Reader", "find_sources", "read_file"]
