"""What the figures were measured on."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("Django", "pandas", "pyarrow", "psycopg", "django-import-export")


def machine_facts() -> dict[str, str]:
    """Date, commit, processor, memory and versions, in words."""
    return {
        "Measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Commit": _commit(),
        "Machine": f"{os.cpu_count()} cores ({_processor()}), {_memory_gb():.0f} GB",
        "Software": ", ".join(
            [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}", _postgresql()]
            + [f"{package} {version(package)}" for package in _PACKAGES]
        ),
        "Load": f"{os.getloadavg()[0]:.1f} processes wanted a core when it ended (the measurement itself keeps one to two busy)",
    }


def _commit() -> str:
    def git(*words: str) -> str:
        found = subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)  # noqa: S607
        return found.stdout.strip()

    dirty = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/benchmarks.md")
    return f"`{git('rev-parse', '--short', 'HEAD') or 'unknown'}`" + (" with changes not committed" if dirty else "")


def _processor() -> str:
    found = Path("/proc/cpuinfo")
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def _postgresql() -> str:
    from scripts.services import find_postgresql

    try:
        program = find_postgresql() / "postgres"
    except FileNotFoundError:
        return "no PostgreSQL"
    words = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout.split()
    return f"PostgreSQL {words[2]}" if len(words) > 2 else "PostgreSQL"
