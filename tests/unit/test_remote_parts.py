"""Parts in a store that speaks S3 over HTTP on this machine, and what happens when it is damaged or away."""

import copy
import importlib
import shutil
import sys
from pathlib import Path

import pytest

import xietong
from xietong.batch import Workshop
from xietong.errors import MissingExtraError, RunFolderError, UsageError
from xietong.parts import DamagedPartError, without_secret
from xietong.remote_parts import RemoteParts, remote_parts

SAMPLE = Path(__file__).resolve().parents[2] / "corpora" / "sample"
URL = "s3://store/runs/one"


@pytest.fixture(scope="module")
def s3_server():
    pytest.importorskip("s3fs")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(s3_server, monkeypatch):
    """An empty bucket, and an environment that leads to it."""
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    remote_parts.cache_clear()
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir("store")
    yield files
    files.rm("store", recursive=True)
    remote_parts.cache_clear()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for file in sorted(SAMPLE.glob("*.txt"))[:3]:
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def expected(corpus, tmp_path_factory):
    """The tables of a run without a store."""
    return tables(xietong.run([corpus], tmp_path_factory.mktemp("local") / "run", jobs=1, has_report=False))


def tables(run):
    return {file.name: file.read_bytes() for file in (run.folder / "tables").iterdir()}


def forbid_reading(monkeypatch):
    def refuse(self, task):
        raise AssertionError(f"{task.source.file} was read again")

    monkeypatch.setattr(Workshop, "read", refuse)


def test_another_machine_goes_on_where_the_first_was(store, corpus, expected, tmp_path, monkeypatch):
    first = xietong.run([corpus], tmp_path / "first", jobs=1, parts=URL, has_report=False)
    assert tables(first) == expected
    forbid_reading(monkeypatch)
    second = xietong.run([corpus], tmp_path / "second", jobs=1, parts=URL, has_report=False)
    assert tables(second) == expected


def test_finished_parts_of_a_run_without_store_are_sent(store, corpus, expected, tmp_path, monkeypatch):
    xietong.run([corpus], tmp_path / "first", jobs=1, has_report=False)
    (tmp_path / "first" / "manifest.json").unlink()
    forbid_reading(monkeypatch)
    xietong.run([corpus], tmp_path / "first", jobs=1, parts=URL, has_report=False)
    assert tables(xietong.run([corpus], tmp_path / "second", jobs=1, parts=URL, has_report=False)) == expected


def test_cluster_with_a_store_gives_the_local_bytes(store, corpus, expected, tmp_path):
    pytest.importorskip("distributed")
    run = xietong.run([corpus], tmp_path / "run", jobs=2, engine="dask", parts=URL, has_report=False)
    assert tables(run) == expected


def test_cluster_workers_need_no_folder_of_the_main_machine(store, corpus, tmp_path):
    pytest.importorskip("distributed")
    from xietong.codebook import read_codebook
    from xietong.distributed_engine import _process
    from xietong.job import RunOptions, make_recipe, plan
    from xietong.parts import PartsPlace, Slice, index_parts

    recipe = make_recipe(read_codebook("regional-coordination"), RunOptions())
    tasks = plan([corpus], recipe)
    nowhere = PartsPlace(tmp_path / "a file", URL)
    nowhere.folder.write_text("nothing can be written below a file")
    names = _process(tasks, recipe, nowhere)
    remote = RemoteParts(URL)
    assert remote.names() == sorted(names)
    for name in names:
        remote.fetch(name, tmp_path / "fetched")
    read = index_parts(tmp_path / "fetched")["read"]
    # coded anew from what the store has: the worker fetches the passages, not the documents
    again = [
        type(task)(
            source=task.source,
            read_key=task.read_key,
            code_key=task.code_key + "2",
            read=Slice(nowhere.folder / read[task.read_key].part.name, read[task.read_key].rows),
        )
        for task in tasks
    ]
    (coded,) = _process(again, recipe, nowhere)
    assert coded in remote.names()


def test_part_damaged_in_the_store_is_made_again(store, corpus, expected, tmp_path):
    xietong.run([corpus], tmp_path / "first", jobs=1, parts=URL, has_report=False)
    damaged = [path for path in store.find("store") if path.endswith((".parquet", "part.json"))][::2]
    for path in damaged:
        store.pipe_file(path, store.cat_file(path)[:-20] + b"x" * 20)
    second = xietong.run([corpus], tmp_path / "second", jobs=1, parts=URL, has_report=False)
    assert tables(second) == expected
    third = xietong.run([corpus], tmp_path / "third", jobs=1, parts=URL, has_report=False)
    assert tables(third) == expected


def test_part_damaged_here_is_made_again_by_a_cluster(store, corpus, expected, tmp_path):
    pytest.importorskip("distributed")
    folder = tmp_path / "run"
    xietong.run([corpus], folder, jobs=1, parts=URL, has_report=False)
    for file in [*folder.glob("parts/coded-*"), *folder.glob("manifest.json")]:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for path in store.find("store"):
        if "/coded-" in path:
            store.rm(path)
    (damaged,) = folder.glob("parts/read-*/texts.part.parquet")
    damaged.write_bytes(b"x" * 100)
    store.put_file(str(damaged), next(path for path in store.find("store") if path.endswith("texts.part.parquet")))
    run = xietong.run([corpus], folder, jobs=2, engine="dask", parts=URL, has_report=False)
    assert tables(run) == expected


def test_what_one_machine_could_not_read_another_tries(store, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    shutil.copy(next(SAMPLE.glob("*.txt")), tmp_path / "in" / "a.txt")
    (tmp_path / "in" / "b.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    first = xietong.run([tmp_path / "in"], tmp_path / "first", jobs=1, parts=URL, has_report=False)
    assert sorted(first.documents()["status"]) == ["failed", "ok"]
    tried = []
    read = Workshop.read
    monkeypatch.setattr(Workshop, "read", lambda self, task: tried.append(task.source.file) or read(self, task))
    second = xietong.run([tmp_path / "in"], tmp_path / "second", jobs=1, parts=URL, has_report=False)
    assert tables(second) == tables(first)
    assert tried == ["b.pdf"]


def test_stores_inside_one_another_do_not_mix(store, corpus, expected, tmp_path):
    xietong.run([corpus], tmp_path / "inner", jobs=1, parts=f"{URL}/inner", has_report=False)
    assert tables(xietong.run([corpus], tmp_path / "outer", jobs=1, parts=URL, has_report=False)) == expected
    assert RemoteParts(URL).names() == RemoteParts(f"{URL}/inner").names()


def test_a_finished_run_is_sent_when_a_store_is_given(store, corpus, tmp_path):
    xietong.run([corpus], tmp_path / "run", jobs=1, has_report=False)
    xietong.run([corpus], tmp_path / "run", jobs=1, parts=URL, has_report=False)
    assert len(RemoteParts(URL).names()) == 2


def test_damage_travels_between_processes():
    error = copy.copy(DamagedPartError(Path("parts/x"), "gone"))  # made anew as another process would
    assert (error.part, str(error)) == (Path("parts/x"), str(DamagedPartError(Path("parts/x"), "gone")))


def test_secrets_of_an_address_are_not_published():
    assert without_secret("sftp://user:secret@host/a/b@c") == "sftp://host/a/b@c"
    assert without_secret("s3://bucket/a") == "s3://bucket/a"


def test_the_runs_own_folder_is_no_store(corpus, tmp_path):
    pytest.importorskip("fsspec")
    with pytest.raises(UsageError, match="own folder"):
        xietong.run([corpus], tmp_path / "run", parts=str(tmp_path / "run" / "parts"))


def test_part_without_its_list_is_not_there(store, corpus, tmp_path):
    xietong.run([corpus], tmp_path / "first", jobs=1, parts=URL, has_report=False)
    remote = RemoteParts(URL)
    assert len(remote.names()) == 2
    store.rm(next(path for path in store.find("store") if path.endswith("part.json")))
    assert len(remote.names()) == 1


@pytest.mark.parametrize(
    ("url", "endpoint", "said"),
    [
        ("s3://nobucket/x", "", "nobucket"),
        (URL, "http://127.0.0.1:9", "cannot be reached"),
        ("nosuch://a/b", "", "nosuch"),
    ],
)
def test_store_that_cannot_be_reached_is_named(store, corpus, tmp_path, monkeypatch, url, endpoint, said):
    import s3fs

    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(RunFolderError, match=said):
        xietong.run([corpus], tmp_path / "run", jobs=1, parts=url, has_report=False)


def test_missing_library_is_named_with_its_command(store, corpus, tmp_path, monkeypatch):
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(importlib.import_module("fsspec.registry")._registry, "s3", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install \"xietong\[s3\]\""):
        xietong.run([corpus], tmp_path / "run", jobs=1, parts=URL, has_report=False)


def test_a_folder_may_be_the_store(corpus, expected, tmp_path, monkeypatch):
    pytest.importorskip("fsspec")
    url = str(tmp_path / "报告[2024]")
    assert tables(xietong.run([corpus], tmp_path / "one", jobs=1, parts=url, has_report=False)) == expected
    forbid_reading(monkeypatch)
    assert tables(xietong.run([corpus], tmp_path / "two", jobs=1, parts=url, has_report=False)) == expected
