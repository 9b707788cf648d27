"""What many tests need: the sample run, made once; and a place for the material that only developers have."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """The sample corpus, coded once for all tests; read it, do not change it."""
    import xietong

    return xietong.run([ROOT / "corpora" / "sample"], out=tmp_path_factory.mktemp("sample") / "run", jobs=1)


@pytest.fixture(scope="session")
def shared():
    """The folder with real documents and hand-coded passages; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared")
    return SHARED
