"""The benchmark's own rules, and one whole run at a size at which it measures nothing but itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.__main__ import main, sizes_up_to
from benchmarks.document import merge
from benchmarks.goals import (
    CHANGED,
    GROWTH_TIMES,
    IDENTICAL,
    INITIAL,
    judge_growth,
    judge_growth_of_memory,
    judge_memory,
    judge_ratio,
    judge_times,
    judge_transfer,
)
from benchmarks.sftp import CIPHERS, SftpResult, measure_sftp
from benchmarks.sftp_document import sftp_section

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("what", "ratio", "word"),
    [(INITIAL, 1.0, "hit"), (INITIAL, 1.01, "**miss**"), (CHANGED, 0.4, "hit"), (CHANGED, 0.41, "**miss**"), (IDENTICAL, 0.06, "**miss**")],
)
def test_a_ratio_over_its_goal_is_called_a_miss(what: str, ratio: float, word: str) -> None:
    assert judge_ratio(what, 100_000, ratio).word == word


def test_other_sizes_have_no_goal_for_the_ratio() -> None:
    assert judge_ratio(INITIAL, 10_000, 5.0).word == "–"


def test_memory_growth_and_times_faster_are_judged() -> None:
    assert judge_memory(100_000, 1024).word == "hit"
    assert judge_memory(100_000, 1025).word == "**miss**"
    assert judge_memory(1_000_000, 4000).word == "hit"
    assert judge_growth(GROWTH_TIMES + 0.1, 10).word == "**miss**"
    assert judge_growth(50, 100).word == "–"
    assert judge_times(30, 30).word == "hit"
    assert judge_times(29.9, 30).word == "**miss**"


def test_sizes_climb_in_powers_of_ten() -> None:
    assert sizes_up_to(200) == [200]
    assert sizes_up_to(100_000) == [10_000, 100_000]
    assert sizes_up_to(1_000_000) == [10_000, 100_000, 1_000_000]


def test_a_section_replaces_its_own_size_and_leaves_the_others() -> None:
    first = merge("", ["## 100,000 students\n\nold\n", "## 10,000 students\n\nkept\n", "## Zebras\n\nlast\n"])
    second = merge(first, ["## 100,000 students\n\nnew\n"])

    assert [line for line in second.splitlines() if line.startswith("## ")] == ["## 10,000 students", "## 100,000 students", "## Zebras"]
    assert "new" in second
    assert "old" not in second
    assert "kept" in second


@pytest.mark.slow
def test_the_command_measures_and_writes_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "docs" / "benchmarks.md"
    by_sftp: list[SftpResult | None] = []

    def little(folder: Path, tell: Callable[[str], None], *, size_mb: int) -> SftpResult | None:
        by_sftp.append(measure_sftp(folder, tell, size_mb=size_mb, rounds=1, uploads=3, upload_mb=1))
        return by_sftp[-1]

    monkeypatch.setattr("benchmarks.__main__.measure_sftp", little)
    assert main(["--size", "200", "--engine", "SQLite", "--document", str(document), "--sftp-mb", "1"]) == 0

    text = document.read_text(encoding="utf-8")
    assert "## 200 students" in text
    assert "SQLite | limit L (" in text
    assert "SQLite | the same files again |" in text
    assert "| SQLite | the first after an upload |" in text
    assert "| SQLite | requirements |" in text
    assert "django-import-export, bulk mode" in text
    assert "## SFTP, against OpenSSH's internal-sftp" in text
    assert "| SQLite | limit L" in capsys.readouterr().out
    (result,) = by_sftp
    assert result is not None
    assert {(one.direction, one.cipher) for one in result.transfers} == {(way, cipher) for way in ("put", "get") for cipher in CIPHERS}
    assert all(one.ours > 0 and one.openssh > 0 for one in result.transfers)
    assert result.peak_mb >= result.resting_mb > 10
    assert "| put | aes128-gcm |" in text
    assert "3 × 1 MB" in text
    assert "not installed" in sftp_section(None, {})


def test_a_slow_server_and_a_hungry_one_are_called_a_miss() -> None:
    assert [judge_transfer(ratio).word for ratio in (0.8, 0.79)] == ["hit", "**miss**"]
    assert [judge_growth_of_memory(grown).word for grown in (100, 101)] == ["hit", "**miss**"]
