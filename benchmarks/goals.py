"""What is to be reached, by measurement and size; where a goal is said for one size only, other sizes are shown without."""

from dataclasses import dataclass

INITIAL, IDENTICAL, CHANGED = "initial import", "the same files again", "2 % changed"
LIVE_COUNT_SECONDS = 1.5  # per change in the wizard
REVIEW_SECONDS, TIMELINE_SECONDS = 0.4, 0.2
SFTP_RATIO = 0.8  # of OpenSSH's internal-sftp
SFTP_GROWN_MB = 100.0  # by 50 uploads at once
ROLLBACK_TIMES = 1.5  # the time of the first import
GROWTH_TIMES = 11.0  # ten times the rows may cost so many times the time
OVER_LOOP, OVER_IMPORT_EXPORT = 30.0, 40.0
_RATIO_SIZE = 100_000
_RATIOS = {INITIAL: 1.0, CHANGED: 0.4, IDENTICAL: 0.05}
_MEMORY_MB = {100_000: 1024, 1_000_000: 4096}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal in words, and whether it is met; both empty where there is none."""

    goal: str = "–"
    word: str = "–"


def judge(value: float, limit: float | None, text: str) -> Verdict:
    """Hit where the value is at most the limit."""
    if limit is None:
        return Verdict()
    return Verdict(text, "hit" if value <= limit else "**miss**")


def judge_ratio(what: str, students: int, ratio: float) -> Verdict:
    """The time of an import as a share of L."""
    limit = _RATIOS.get(what) if students == _RATIO_SIZE else None
    return judge(ratio, limit, f"≤ {limit} L")


def judge_live_count(students: int, seconds: float) -> Verdict:
    """How long the wizard takes to count after a change."""
    limit = LIVE_COUNT_SECONDS if students <= _RATIO_SIZE else None
    return judge(seconds, limit, f"≤ {LIVE_COUNT_SECONDS} s")


def judge_memory(students: int, peak_mb: float) -> Verdict:
    """The worker's peak."""
    limit = _MEMORY_MB.get(students)
    return judge(peak_mb, limit, f"≤ {limit or 0:,} MB")


def judge_times(value: float, at_least: float) -> Verdict:
    """How many times faster than another way."""
    return judge(-value, -at_least, f"≥ {at_least:.0f} ×")


def judge_growth(times: float, rows_times: float) -> Verdict:
    """The growth of the time, where the rows grew about tenfold."""
    return judge(times, GROWTH_TIMES if 8 <= rows_times <= 12 else None, f"≤ {GROWTH_TIMES:.0f} ×")


def judge_page(students: int, seconds: float, limit: float) -> Verdict:
    """How long a page takes."""
    return judge(seconds, limit if students <= _RATIO_SIZE else None, f"≤ {limit * 1000:.0f} ms")


def judge_undo(seconds: float, first_import: float) -> Verdict:
    """The rollback of the first import against that import."""
    return judge(seconds / first_import, ROLLBACK_TIMES, f"≤ {ROLLBACK_TIMES} × the import")


def judge_transfer(ratio: float) -> Verdict:
    """Our speed as a share of OpenSSH's."""
    return judge(-ratio, -SFTP_RATIO, f"≥ {SFTP_RATIO}")


def judge_growth_of_memory(grown_mb: float) -> Verdict:
    """What many uploads at once cost."""
    return judge(grown_mb, SFTP_GROWN_MB, f"≤ {SFTP_GROWN_MB:.0f} MB more")


def judge_approval(seconds: float, worked_out: float) -> Verdict:
    """Applying what was approved, against working it out."""
    return judge(seconds, worked_out, "≤ working it out")
