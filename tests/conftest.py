"""What every test shares: hypothesis profiles, one thread for each process, the data folder."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before torch or numpy is imported, here or in a child process: the runs are many and
# small, and pytest-xdist already keeps the cores busy.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# A busy machine is slow without being wrong: no deadline, no complaint about slow generation.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", _PATIENT, max_examples=60)
settings.register_profile("ci", _PATIENT, max_examples=60, derandomize=True, print_blob=True)
settings.register_profile("thorough", _PATIENT, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of third-party networks and properties with known answers."""
    folder = os.environ.get("MESASCOPE_DATA")
    if not folder:
        pytest.skip("MESASCOPE_DATA is not set: it names the folder of third-party networks")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"MESASCOPE_DATA={folder} is not a folder")
    return path


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
