"""Arrow takes its memory from the system, in every process of the portal."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.no_database


def test_arrow_uses_the_systems_allocator():
    code = "import portal, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "system"
