"""Parts in an object store, or wherever else fsspec reaches: machines of a cluster then need no folder in common.

A worker writes a part into a folder of its own and sends it; the main process fetches the parts it needs into the run
folder, where all else finds them. Object stores cannot rename: the list of what is in a part goes last, and a part
without it is not there. Keys say everything a part depends on, so several runs may share a place; none removes from it
anything but what is damaged.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from xietong.errors import MissingExtraError, RunFolderError, UsageError, XietongError
from xietong.parts import ELSEWHERE, RECORD, DamagedPartError, parse_record, without_secret

#: What only a disk of this machine says.
_OWN_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE}


class RemoteParts:
    """The parts at a URL, such as ``s3://bucket/folder``.

    Every method raises RunFolderError where the place cannot be reached, MissingExtraError where the library for it is
    not installed, and OSError where this machine's own disk is at fault.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with self._reached():
            from fsspec.core import url_to_fs

            # what another machine has just written has to be seen
            self._files, self._root = url_to_fs(url, use_listings_cache=False)

    def send(self, part: Path) -> None:
        """Copy a part from this machine to the place, its list of sources last."""
        files = sorted(file.name for file in part.iterdir() if file.name not in (RECORD, ELSEWHERE))
        with self._reached():
            if not self._files.async_impl:  # object stores have no folders: asked for one they make a bucket
                self._files.makedirs(f"{self._root}/{part.name}", exist_ok=True)
            for name in [*files, RECORD]:
                self._files.put_file(str(part / name), f"{self._root}/{part.name}/{name}")

    def fetch(self, name: str, folder: Path, *, is_from_elsewhere: bool = False) -> None:
        """Copy a part into ``folder``, where it is whole or absent; nothing is done if it is there already.

        ``is_from_elsewhere``: another run made it, and what could not be read there is to be tried here.
        """
        final, beside = folder / name, folder / f".{name}.{os.getpid()}.tmp"
        if final.exists():
            return
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        with self._reached():
            for path in self._files.ls(f"{self._root}/{name}", detail=False):
                self._files.get_file(path, str(beside / path.rpartition("/")[2]))
        if is_from_elsewhere:
            (beside / ELSEWHERE).touch()
        os.rename(beside, final)

    def names(self) -> list[str]:
        """List the parts that are whole."""
        with self._reached():
            found = self._files.find(self._root) if self._files.exists(self._root) else []
        below = (path.removeprefix(f"{self._root}/").split("/") for path in found)
        return sorted(place[0] for place in below if len(place) == 2 and place[1] == RECORD)

    def holding(self, keys: Collection[str], without: Collection[str] = ()) -> list[str]:
        """List the parts that hold one of these sources, leaving out those named in ``without``."""
        names = [name for name in self.names() if name not in without]
        with self._reached():  # one by one: several at once would take signs in the address for wildcards
            records = {name: self._files.cat_file(f"{self._root}/{name}/{RECORD}") for name in names}
        return [name for name, record in records.items() if any(key in keys for key in _keys_in(Path(name), record))]

    def is_folder(self, folder: Path) -> bool:
        """Whether the place is this folder of this machine."""
        return "file" in self._files.protocol and Path(self._root).resolve() == folder.resolve()

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
                f"{without_secret(self.url)}: a library is not installed ({error}): "
                'pip install "xietong[s3]" for s3://, else the named one'
            ) from error
        except Exception as error:  # each store's library has exceptions of its own, with no parent in common
            if isinstance(error, OSError) and error.errno in _OWN_DISK:
                raise
            raise RunFolderError(
                f"{without_secret(self.url)}: the parts cannot be reached ({type(error).__name__}: {error}); "
                "check the address, the bucket and the rights to it, then run again: what is finished is kept"
            ) from error


@lru_cache(maxsize=1)
def remote_parts(url: str) -> RemoteParts:
    """Open the parts at a URL, once a process."""
    return RemoteParts(url)


def synchronise(remote: RemoteParts, folder: Path, own: Sequence[str], keys: Collection[str]) -> None:
    """Fetch the parts that hold one of the sources in ``keys``, and send of the parts here those in ``own``.

    Sources that another machine could not read are tried again: this one may have the memory or the programs.

    Raises
    ------
    UsageError
        If the place is the run's own folder.
    """
    if remote.is_folder(folder):
        raise UsageError(f"{folder} is the run's own folder of parts; give another place, or leave --parts out")
    there = set(remote.names())
    for name in own:
        if name not in there:
            remote.send(folder / name)
    for name in remote.holding(keys, without=own) if keys else []:
        remote.fetch(name, folder, is_from_elsewhere=True)


def _keys_in(part: Path, record: Any) -> list[str]:
    try:
        return [source["key"] for source in parse_record(part, record)["sources"] if not source.get("failed")]
    except DamagedPartError:
        return []
