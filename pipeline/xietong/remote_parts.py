"""Parts in an object store, or wherever else fsspec reaches: machines of a cluster then need no folder in common.

A worker writes a part into a folder of its own and sends it; the main process fetches the parts it needs into the run
folder, where all else finds them. Object stores cannot rename: the list of what is in a part goes last, and a part
without it is not there. Keys say everything a part depends on, so several runs may share a place; none removes from it
anything but what is damaged.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from xietong.errors import MissingExtraError, RunFolderError, XietongError
from xietong.parts import RECORD, DamagedPartError, parse_record


class RemoteParts:
    """The parts at a URL, such as ``s3://bucket/folder``.

    Every method raises RunFolderError where the place cannot be reached, and MissingExtraError where the library for
    it is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with self._reached():
            from fsspec.core import url_to_fs

            # what another machine has just written has to be seen
            self._files, self._root = url_to_fs(url, use_listings_cache=False)

    def send(self, part: Path) -> None:
        """Copy a part from this machine to the place, its list of sources last."""
        files = sorted(file.name for file in part.iterdir() if file.name != RECORD)
        with self._reached():
            if (
                not self._files.async_impl
            ):  # object stores have no folders: asked for one they make a bucket of any name
                self._files.makedirs(f"{self._root}/{part.name}", exist_ok=True)
            for name in [*files, RECORD]:
                self._files.put_file(str(part / name), f"{self._root}/{part.name}/{name}")

    def fetch(self, name: str, folder: Path) -> None:
        """Copy a part into ``folder``, where it is whole or absent; nothing is done if it is there already."""
        final, beside = folder / name, folder / f".{name}.{os.getpid()}.tmp"
        if final.exists():
            return
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        with self._reached():
            for path in self._files.ls(f"{self._root}/{name}", detail=False):
                self._files.get_file(path, str(beside / path.rpartition("/")[2]))
        os.rename(beside, final)

    def names(self) -> list[str]:
        """List the parts that are whole."""
        with self._reached():
            found = self._files.find(self._root) if self._files.exists(self._root) else []
        return sorted(path.split("/")[-2] for path in found if path.endswith(f"/{RECORD}"))

    def holding(self, keys: Collection[str], without: Collection[str] = ()) -> list[str]:
        """List the parts that hold one of these sources, leaving out those named in ``without``."""
        names = [name for name in self.names() if name not in without]
        with self._reached():
            paths = {f"{self._root}/{name}/{RECORD}": name for name in names}
            records = self._files.cat(list(paths)) if len(paths) > 1 else {p: self._files.cat_file(p) for p in paths}
        return sorted(
            name for path, name in paths.items() if any(key in keys for key in _keys_in(Path(name), records[path]))
        )

    def remove(self, name: str) -> None:
        """Remove a part that is damaged, if it is there."""
        with self._reached():
            if self._files.exists(f"{self._root}/{name}"):
                self._files.rm(f"{self._root}/{name}", recursive=True)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except XietongError:
            raise
        except ImportError as error:
            raise MissingExtraError(
                f'{self.url}: a library is not installed ({error}): pip install "xietong[s3]" for s3://, else the named one'
            ) from error
        except Exception as error:  # each store's library has exceptions of its own, with no parent in common
            raise RunFolderError(
                f"{self.url}: the parts cannot be reached ({type(error).__name__}: {error}); "
                "check the address, the bucket and the rights to it, then run again: what is finished is kept"
            ) from error


@lru_cache(maxsize=1)
def remote_parts(url: str) -> RemoteParts:
    """Open the parts at a URL, once a process."""
    return RemoteParts(url)


def synchronise(remote: RemoteParts, folder: Path, own: Sequence[str], keys: Collection[str]) -> None:
    """Fetch the parts that hold one of the sources in ``keys``, and send of the parts here those in ``own``."""
    there = set(remote.names())
    for name in own:
        if name not in there:
            remote.send(folder / name)
    for name in remote.holding(keys, without=own) if keys else []:
        remote.fetch(name, folder)


def _keys_in(part: Path, record: Any) -> list[str]:
    try:
        return [source["key"] for source in parse_record(part, record)["sources"]]
    except DamagedPartError:
        return []
