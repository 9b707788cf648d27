"""The limit reaches every library of linear algebra, also SciPy's own, which is loaded late."""

import subprocess
import sys

SHOW = """
from xietong.threads import one_thread
with one_thread():
    import scipy.linalg, threadpoolctl
    libraries = [i for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas"]
    print(len(libraries), sorted({i["num_threads"] for i in libraries}))
"""


def test_every_library_adds_in_one_thread():
    said = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True).stdout
    n_libraries, numbers = said.split(maxsplit=1)
    assert int(n_libraries) >= 1
    assert numbers.strip() == "[1]"
