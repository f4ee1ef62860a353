"""What people do with the clients they have: OpenSSH's sftp and scp, lftp, paramiko."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts.models import AuditEvent
from imports.models import Arrival
from tests.integration.sftp_server.world import User
from tests.integration.worker.processes import wait_for

pytestmark = [pytest.mark.no_database, pytest.mark.slow]


def test_sftp_puts_lists_gets_renames_and_removes(user: User, file: Path, tmp_path: Path) -> None:
    done = user.sftp(
        f"put {file} first.csv\nmkdir sub\nrename first.csv sub/second.csv\nls -l sub\nget sub/second.csv {tmp_path}/back.csv\n"
        "chmod 777 sub/second.csv\ndf\nrm sub/second.csv\nrmdir sub\nls -la\n"
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back.csv").read_bytes() == file.read_bytes()
    assert f"{file.stat().st_size}" in done.stdout
    assert "north" in done.stdout  # every file belongs to the user, whatever the process's user is called
    assert not (user.root / "sub").exists()


def test_files_are_as_the_portal_makes_them_whatever_a_client_asks_for(user: User, file: Path) -> None:
    file.chmod(0o777)
    done = user.sftp(f"put -p {file} mode.csv\nmkdir modes\nchmod 777 modes\nput {file} narrow.csv\nchmod 000 narrow.csv\n")

    assert done.returncode == 0, done.stderr
    assert (user.root / "mode.csv").stat().st_mode & 0o7777 == 0o640
    assert (user.root / "modes").stat().st_mode & 0o7777 == 0o750
    assert (user.root / "narrow.csv").stat().st_mode & 0o7777 == 0o600  # the portal can always read it
    assert abs((user.root / "mode.csv").stat().st_mtime - file.stat().st_mtime) < 2


def test_scp_new_and_legacy(user: User, file: Path, tmp_path: Path) -> None:
    for name, options in (("new.csv", ()), ("old.csv", ("-O",)), ("times.csv", ("-O", "-p"))):
        assert user.scp(str(file), user.at(name), *options).returncode == 0
        assert user.scp(user.at(name), str(tmp_path / name), *options).returncode == 0
        assert (tmp_path / name).read_bytes() == (user.root / name).read_bytes() == file.read_bytes()
        assert not user.is_marked(name)


def test_legacy_scp_of_a_folder(user: User, file: Path) -> None:
    assert user.scp(str(file.parent), user.at("tree"), "-O", "-r").returncode == 0
    assert (user.root / "tree" / "users.csv").read_bytes() == file.read_bytes()


def test_lftp_mirrors_and_resumes(user: User, file: Path, tmp_path: Path) -> None:
    source = tmp_path / "mirrored"
    (source / "deep").mkdir(parents=True)
    for number in range(6):
        (source / f"{number}.csv").write_bytes(file.read_bytes()[: 1000 * number + 1])
    (source / "deep" / "users.csv").write_bytes(file.read_bytes())

    done = user.lftp(f"mirror -R --parallel=3 {source} mirror; mirror mirror {tmp_path / 'back'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back" / "deep" / "users.csv").read_bytes() == file.read_bytes()

    (user.root / "resumed.csv").write_bytes(file.read_bytes()[:5000])
    with user.zone.lock():
        user.zone.mark("resumed.csv")
    done = user.lftp(f"put -c {file} -o resumed.csv")
    assert done.returncode == 0, done.stderr
    assert (user.root / "resumed.csv").read_bytes() == file.read_bytes()
    assert not user.is_marked("resumed.csv")


def test_paramiko_writes_reads_and_renames(user: User, file: Path) -> None:
    with user.paramiko() as client:
        client.put(str(file), "paramiko.csv.part")
        client.rename("paramiko.csv.part", "paramiko.csv")
        client.open("taken.csv", "w").close()
        with pytest.raises(OSError, match="already"):
            client.rename("paramiko.csv", "taken.csv")
        client.posix_rename("paramiko.csv", "paramiko-2.csv")
        with client.open("paramiko-2.csv", "r") as opened:
            assert opened.read(21) == b"sourcedId,givenName\r\n"
        assert client.stat("paramiko-2.csv").st_size == file.stat().st_size
        assert client.normalize("sub/../../..//x") == "/x"
        client.truncate("paramiko-2.csv", 10)

    assert (user.root / "paramiko-2.csv").stat().st_size == 10


def test_two_users_at_once_never_see_each_other(users: tuple[User, User], file: Path) -> None:
    one, other = users
    contents = {user.username: file.read_bytes() + user.username.encode() for user in users}

    def work(user: User) -> str:
        own = file.with_name(f"{user.username}.csv")
        own.write_bytes(contents[user.username])
        return user.sftp(f"put {own} same.csv\nput {own} {user.username}-only.csv\nls\n").stdout

    with ThreadPoolExecutor(2) as pool:
        listings = list(pool.map(work, users))

    for user in users:
        assert (user.root / "same.csv").read_bytes() == contents[user.username]
    assert "south-only" not in listings[0] and "north-only" not in listings[1]
    assert one.root != other.root


def test_archive_and_receipts_can_be_read_and_not_changed(user: User, file: Path) -> None:
    (user.zone.archive / "old.csv").write_text("kept")
    (user.zone.receipts / "1.txt").write_text("kept")

    for command in (f"put {file} archive/x.csv", "rm archive/old.csv", "rename archive/old.csv x.csv", "mkdir receipts/x", "rmdir receipts",
                    "chmod 600 receipts/1.txt", "rename receipts mine", f"put {file} receipts", "rm receipts/1.txt"):  # fmt: skip
        done = user.sftp(command)
        assert done.returncode != 0, command
    with user.paramiko() as client, pytest.raises(OSError, match="you may read it, but not change it"):
        client.remove("archive/old.csv")
    assert user.sftp(f"get archive/old.csv {file}.down\nls receipts\n").returncode == 0
    assert (user.zone.archive / "old.csv").read_text() == "kept"
    assert sorted(path.name for path in user.zone.archive.iterdir()) == ["old.csv"]


def test_a_gigabyte_goes_through(user: User, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as sparse:
        sparse.truncate(1 << 30)

    done = user.sftp(f"put {large} large.csv\nrm large.csv\n", "-c", "aes128-gcm@openssh.com", "-q")
    assert done.returncode == 0, done.stderr
    assert user.sftp("df -h\n").returncode == 0


def test_what_was_done_is_in_the_audit_trail(user: User, file: Path) -> None:
    user.sftp(f"put {file} audited.csv\nget audited.csv {file}.down\nrename audited.csv renamed.csv\nrm renamed.csv\n")

    def told() -> dict[str, AuditEvent]:
        events = AuditEvent.objects.of(user.zone_row.district_id).filter(target__in=["audited.csv", "renamed.csv", "north"])
        return {event.action: event for event in events}

    wanted = {"sftp.signed-in", "sftp.uploaded", "sftp.downloaded", "sftp.renamed", "sftp.removed"}
    wait_for(lambda: wanted <= set(told()), "the events", seconds=20, pause=0.1)
    uploaded = told()["sftp.uploaded"]
    assert uploaded.detail == {"user": "north", "size": file.stat().st_size}
    assert uploaded.address == "127.0.0.1"
    assert told()["sftp.renamed"].detail["before"] == "audited.csv"


def test_what_came_whole_is_noted_once_it_has_settled_and_what_did_not_is_not(user: User, file: Path) -> None:
    def noted() -> dict[str, str]:
        return dict(Arrival.objects.of(user.zone_row.district_id).values_list("path", "state"))

    with user.paramiko() as client:
        client.mkdir("arrivals")
        client.put(str(file), "arrivals/users.csv.part")
        left = client.open("arrivals/orgs.csv", "w")
        left.write(b"sourcedId\r\n")
        client.posix_rename("arrivals/users.csv.part", "arrivals/users.csv")
        wait_for(lambda: "arrivals/users.csv" in noted(), "the arrival", seconds=30, pause=0.1)
        assert not {"arrivals/orgs.csv", "arrivals/users.csv.part"} & set(noted())
        left.close()
        wait_for(lambda: "arrivals/orgs.csv" in noted(), "the arrival", seconds=30, pause=0.1)


def test_a_big_folder_is_listed_whole(user: User) -> None:
    folder = user.root / "many"
    folder.mkdir()
    for number in range(700):
        (folder / f"{number}.csv").touch()
    started = time.monotonic()
    with user.paramiko() as client:
        assert len(client.listdir("many")) == 700
    assert time.monotonic() - started < 5
