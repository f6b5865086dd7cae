"""What dask-jobqueue's tests expect of their conftest.py, which its archive on PyPI leaves out.

With `-E NAME`, those tests are run that want the batch system of that name.
"""

import pathlib

import dask_jobqueue
import pytest
from distributed import Security
from distributed.utils_test import cleanup, loop, loop_in_thread  # noqa: F401

CLUSTERS = {
    "slurm": dask_jobqueue.SLURMCluster,
    "sge": dask_jobqueue.SGECluster,
    "htcondor": dask_jobqueue.HTCondorCluster,
}


def pytest_addoption(parser):
    parser.addoption("-E", choices=CLUSTERS, required=True, help="the batch system that is there")


def pytest_configure(config):
    config.addinivalue_line("markers", "env(name): wants the batch system of that name")
    config.addinivalue_line("markers", "xfail_env(reasons): fails where the home is not shared, as it is here")


def pytest_collection_modifyitems(config, items):
    system = config.getoption("-E")

    def wants_it(item):
        marks = [mark.args[0] for mark in item.iter_markers("env")]
        return any(system in mark for mark in marks) or "EnvSpecificCluster" in item.fixturenames

    config.hook.pytest_deselected(items=[item for item in items if not wants_it(item)])
    items[:] = [item for item in items if wants_it(item)]


@pytest.fixture(autouse=True, scope="session")
def certificates():
    """A certificate and its key lie beside the tests, and are not in the archive."""
    security = Security.temporary()
    tests = pathlib.Path(__file__).parent / "dask_jobqueue/tests"
    (tests / "ca.pem").write_text(security.tls_ca_file)
    (tests / "key.pem").write_text(security.tls_scheduler_key)


@pytest.fixture
def EnvSpecificCluster(request):
    return CLUSTERS[request.config.getoption("-E")]
