"""The analyses of a run end up in its folder: whole tables with the options that made them, the same bytes twice."""

import shutil

import pyarrow.parquet as pq
import pytest

from xietong.analysis import commands
from xietong.analysis.keywords import KeywordOptions
from xietong.analysis.topics import TopicOptions
from xietong.errors import UsageError
from xietong.runs import open_run
from xietong.tables import BY_CORPUS

FAST = commands.TrendOptions(n_resamples=50, n_permutations=49)


@pytest.fixture
def run(sample_run, tmp_path):
    """A copy of the sample's run folder, to be written into."""
    shutil.copytree(sample_run.folder, tmp_path / "run")
    return open_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("analyse", "table"),
    [
        (lambda run: commands.analyse_trends(run, FAST), "trends"),
        (lambda run: commands.analyse_keywords(run, KeywordOptions(n_corpus=20)), "keywords"),
        (lambda run: commands.analyse_topics(run, TopicOptions(n_topics=4)), "topics"),
    ],
)
def test_an_analysis_writes_the_same_whole_tables_twice(run, analyse, table):
    first = {file: file.read_bytes() for file in analyse(run)}
    assert run.has_table(table)
    for file in first:
        if file.suffix == ".parquet":
            schema = pq.read_schema(file)
            assert schema.names == BY_CORPUS[file.stem].names
            assert b"options" in schema.metadata[b"xietong"]
    assert {file: file.read_bytes() for file in analyse(run)} == first
    assert not list((run.folder / "tables").glob(".*"))  # nothing half written is left beside


def test_every_figure_says_what_it_rests_on_and_what_it_measures(run):
    commands.analyse_trends(run, FAST)
    figures = run.table("trends").to_pandas()
    figures = figures[figures["statistic"] != "refused"]
    assert figures["measures"].str.startswith("this measures").all()
    assert (figures["n_documents"] > 0).all()
    assert figures["interval"].str.len().gt(0).all()
    assert figures["corrected"].notna().all()


def test_what_the_documents_do_not_allow_is_a_row_with_the_reason(run):
    commands.analyse_trends(run, FAST)
    trends = run.table("trends").to_pandas()
    refused = trends[trends["statistic"] == "refused"]
    assert "change_point" in set(refused["analysis"])
    assert refused["caution"].str.len().gt(20).all()


def test_a_term_in_context_is_kept_in_the_folder(run):
    hits, company = commands.kwic(run, "協同")
    assert len(hits) == run.table("kwic").num_rows > 0
    assert len(company) == run.table("collocates").num_rows
    assert set(hits["hit"]) <= {"协同", "協同"}


def test_topics_of_a_run_without_a_model_are_refused(run, sample_run):
    with pytest.raises(UsageError, match="no topic model"):
        commands.analyse_topics(run, model_of=open_run(sample_run.folder))


def test_topics_of_an_earlier_run_are_applied(run, tmp_path):
    commands.analyse_topics(run, TopicOptions(n_topics=4))
    shutil.copytree(run.folder, tmp_path / "later")
    later = open_run(tmp_path / "later")
    commands.analyse_topics(later, model_of=run)
    assert later.table("topics")["label"] == run.table("topics")["label"]
