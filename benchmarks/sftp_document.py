"""The section of docs/benchmarks.md on the SFTP server."""

from benchmarks.document import fact_lines, table
from benchmarks.goals import judge_growth_of_memory, judge_transfer
from benchmarks.sftp import SftpResult

TITLE = "SFTP, against OpenSSH's internal-sftp"
NOT_INSTALLED = "OpenSSH's server is not installed on this machine, so nothing was measured."


def sftp_section(result: SftpResult | None, facts: dict[str, str]) -> str:
    """Speeds and memory, with the goals."""
    lines = [f"## {TITLE}", "", *fact_lines(facts)]
    if result is None:
        return "\n".join([*lines, NOT_INSTALLED]) + "\n"
    lines += [
        f"One file of {result.size_mb:,} MB over loopback, by OpenSSH's sftp, signing in included; the servers in turns, the best of several rounds each.",
        "",
    ]
    rows = []
    for one in result.transfers:
        verdict = judge_transfer(one.ratio)
        rows.append((one.direction, one.cipher, f"{one.ours:,.0f}", f"{one.openssh:,.0f}", f"{one.ratio:.2f}", verdict.goal, verdict.word))
    lines += table(("direction", "cipher", "MB/s", "OpenSSH MB/s", "ratio", "goal", ""), rows)
    verdict = judge_growth_of_memory(result.grown_mb)
    memory = (f"{result.uploads} × {result.upload_mb} MB", f"{result.resting_mb:,.0f}", f"{result.peak_mb:,.0f}", f"{result.grown_mb:,.0f}")
    lines += ["", "### Memory of the server's process during uploads at once", ""]
    lines += table(("uploads", "MB before", "MB at most", "more", "goal", ""), [(*memory, verdict.goal, verdict.word)])
    return "\n".join(lines) + "\n"
