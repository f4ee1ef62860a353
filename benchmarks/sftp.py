"""The SFTP server against OpenSSH's: put and get of one large file, and the memory of many uploads at once. Alone: `python -m benchmarks.sftp`."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import Place
from benchmarks.sftp_servers import Server, can_measure, make_key, openssh_server, portal_server

CIPHERS: dict[str, tuple[str, ...]] = {"the client's default": (), "aes128-gcm": ("-c", "aes128-gcm@openssh.com")}
PARALLEL = 50
_SAMPLE_SECONDS = 0.05
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Transfer:
    """MB in a second of both servers: the better of several rounds each, taken in turns, for machines that change their pace."""

    direction: str
    cipher: str
    ours: float
    openssh: float

    @property
    def ratio(self) -> float:
        """Ours over OpenSSH's."""
        return self.ours / self.openssh


@dataclass(frozen=True, slots=True)
class SftpResult:
    """What was measured. Memory: of our process at rest after the transfers, and the most of it during the parallel uploads."""

    size_mb: int
    transfers: Sequence[Transfer]
    uploads: int
    upload_mb: int
    resting_mb: float
    peak_mb: float

    @property
    def grown_mb(self) -> float:
        """How much memory the parallel uploads took."""
        return self.peak_mb - self.resting_mb


def measure_sftp(
    folder: Path, tell: Tell, *, size_mb: int = 300, rounds: int = 5, uploads: int = PARALLEL, upload_mb: int = 8
) -> SftpResult | None:
    """Measure in a folder of its own; None where OpenSSH is not installed."""
    if not can_measure():
        return None
    key = make_key(folder / "key")
    place = Place(folder / "portal")
    for made in (place.folder, folder / "openssh"):
        made.mkdir(parents=True)
    large, small = _write(folder / "large.csv", size_mb), _write(folder / "small.csv", upload_mb)
    with portal_server(place, key) as ours, openssh_server(folder / "openssh", key) as openssh:
        transfers = [one for cipher in CIPHERS for one in _compare(ours, openssh, large, cipher, rounds)]
        for one in transfers:
            tell(
                f"SFTP       {one.direction}, {one.cipher:<22}{one.ours:>9.0f} MB/s, OpenSSH {one.openssh:.0f} MB/s, ratio {one.ratio:.2f}"
            )
        resting = ours.memory_mb
        peak = _peak(ours, small, uploads)
        tell(f"SFTP       {uploads} uploads at once: {resting:.0f} MB before, {peak:.0f} MB at most")
    return SftpResult(size_mb, transfers, uploads, upload_mb, resting, peak)


def _write(path: Path, size_mb: int) -> Path:
    block = os.urandom(1024 * 1024)
    with path.open("wb") as file:
        for _ in range(size_mb):
            file.write(block)
        file.write(b"\n")
    return path


def _compare(ours: Server, openssh: Server, file: Path, cipher: str, rounds: int) -> list[Transfer]:
    back = file.with_suffix(".back")
    batches = {"put": f"put {file} {{0}}/bench.csv", "get": f"get {{0}}/bench.csv {back}"}
    best: dict[tuple[str, str], float] = {}
    for _ in range(rounds):
        for direction, batch in batches.items():
            for name, server, where in (("ours", ours, ""), ("openssh", openssh, openssh.folder)):
                started = time.perf_counter()
                server.command(batch.format(where), *CIPHERS[cipher])
                speed = file.stat().st_size / 1e6 / (time.perf_counter() - started)
                best[direction, name] = max(best.get((direction, name), 0.0), speed)
    return [Transfer(direction, cipher, best[direction, "ours"], best[direction, "openssh"]) for direction in batches]


def _peak(server: Server, file: Path, uploads: int) -> float:
    """The most memory that the server held while so many clients uploaded at once."""
    with ThreadPoolExecutor(uploads) as pool:
        # each from an address of its own, for so many at once from one would be too many
        addresses = [("-o", f"BindAddress=127.0.0.{number + 2}") for number in range(uploads)]
        running = [pool.submit(server.command, f"put {file} /at-once-{number}.csv", *one) for number, one in enumerate(addresses)]
        peak = server.memory_mb
        while not all(one.done() for one in running):
            time.sleep(_SAMPLE_SECONDS)
            peak = max(peak, server.memory_mb)
        for one in running:
            one.result()
    return peak


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the section, without writing the document."""
    from benchmarks.machine import machine_facts
    from benchmarks.sftp_document import sftp_section

    parser = argparse.ArgumentParser(prog="python -m benchmarks.sftp", description=__doc__)
    parser.add_argument("--mb", type=int, default=300, help="size of the file (default 300)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of transfers; the better of each counts (default 5)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rpb-", dir="/tmp") as scratch:
        result = measure_sftp(Path(scratch), lambda line: print(line, flush=True), size_mb=given.mb, rounds=given.rounds)
    print("\n" + sftp_section(result, machine_facts()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
