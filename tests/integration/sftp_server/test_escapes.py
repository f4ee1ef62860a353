"""Whatever a client or a planted file tries, nothing outside its zone is read, listed or written."""

import os
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED

from tests.integration.sftp_server.world import User

pytestmark = [pytest.mark.no_database, pytest.mark.slow]

SECRET = b"what only the portal may read"


@pytest.fixture
def outside(user: User) -> Iterator[Path]:
    """A secret beside the zones; nothing around the zone may have changed after the test."""
    secret = user.root.parent / "secret.txt"
    secret.write_bytes(SECRET)
    before = _picture(user)
    yield secret
    assert _picture(user) == before
    assert secret.read_bytes() == SECRET


def _picture(user: User) -> list[tuple[str, int]]:
    """Every file outside of the zone, but for marks."""
    found = []
    landing = user.root.parent.parent
    for folder, folders, names in os.walk(landing):
        if Path(folder) == user.root:
            folders.clear()
            continue
        if Path(folder).parent.name == "open" or Path(folder) == landing:
            continue
        found += [(os.path.join(folder, name), os.lstat(os.path.join(folder, name)).st_size) for name in (*folders, *names)]  # noqa: PTH118
    return sorted(found)


@pytest.fixture
def client(user: User) -> Iterator[paramiko.SFTPClient]:
    with user.paramiko() as opened:
        yield opened


def refused(client: paramiko.SFTPClient, name: str, *arguments: object) -> None:
    with pytest.raises(OSError, match=r".+"):
        getattr(client, name)(*arguments)


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "/../../secret.txt", "sub/../../secret.txt", "//secret.txt", "..//../zones/secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt",
     "/etc/passwd", "/proc/self/environ", "..\\secret.txt", "./.././../secret.txt", "secret.txt/../../secret.txt"],
)  # fmt: skip
def test_no_path_leads_out(client: paramiko.SFTPClient, user: User, outside: Path, path: str) -> None:
    for name in ("stat", "lstat", "listdir", "remove", "rmdir", "readlink"):
        refused(client, name, path)
    refused(client, "open", path, "r")
    assert client.normalize(path).startswith("/")
    if "/" not in path.replace("..", "").strip("/").replace("secret.txt", ""):
        with client.open(path, "w") as opened:  # it is a name in the zone, and nothing else
            opened.write(b"mine")
        client.remove(path)


def test_the_relative_link_that_is_renamed_into_the_open(client: paramiko.SFTPClient, user: User, outside: Path) -> None:
    """The escape that asyncssh's own chroot lets through: a link made deep inside, renamed to where it leads out."""
    client.mkdir("d1")
    client.mkdir("d1/d2")
    refused(client, "symlink", "../../secret.txt", "d1/d2/link")
    (user.root / "d1" / "d2" / "link").symlink_to("../../secret.txt")  # as if it had been possible
    refused(client, "rename", "d1/d2/link", "link")
    refused(client, "posix_rename", "d1/d2/link", "link")
    for mode in ("r", "w", "a"):
        refused(client, "open", "d1/d2/link", mode)
    refused(client, "open", "link", "r")
    client.remove("d1/d2/link")  # only the link goes


def test_a_planted_link_to_a_folder_or_file_is_never_followed(client: paramiko.SFTPClient, user: User, outside: Path) -> None:
    for target in ("..", "/etc", str(outside), "/dev/zero", "/proc/self/root"):
        link = user.root / "planted"
        link.symlink_to(target)
        refused(client, "listdir", "planted")
        refused(client, "stat", "planted/secret.txt")
        refused(client, "open", "planted/secret.txt", "r")
        refused(client, "open", "planted", "r")
        refused(client, "open", "planted", "w")
        refused(client, "mkdir", "planted/new")
        refused(client, "rename", "planted/secret.txt", "mine")
        refused(client, "readlink", "planted")
        refused(client, "chmod", "planted", 0o777)
        refused(client, "utime", "planted", (0, 0))
        refused(client, "truncate", "planted", 0)
        assert stat.S_ISLNK(client.stat("planted").st_mode or 0)  # described as itself, not as what it leads to
        link.unlink()


def test_pipes_devices_sockets_and_foreign_hard_links_are_not_opened(client: paramiko.SFTPClient, user: User, outside: Path) -> None:
    os.mkfifo(user.root / "pipe")
    os.link(outside, user.root / "hard")
    with socket.socket(socket.AF_UNIX) as listening, chdir(user.root):  # the whole path may be too long for a socket
        listening.bind("socket")
    for name in ("pipe", "hard", "socket"):
        refused(client, "open", name, "r")
        refused(client, "open", name, "w")
        refused(client, "truncate", name, 0)
        client.remove(name)


def test_extensions_that_could_make_links_or_copies_do_nothing(client: paramiko.SFTPClient, user: User, outside: Path) -> None:
    (user.root / "own.csv").write_bytes(b"mine")
    for extension, arguments in (
        ("hardlink@openssh.com", ("../secret.txt", "copy")),
        ("hardlink@openssh.com", ("own.csv", "../copy")),
        ("posix-rename@openssh.com", ("../secret.txt", "copy")),
        ("lsetstat@openssh.com", ("../secret.txt", paramiko.SFTPAttributes())),
        ("statvfs@openssh.com", ("../../../etc",)),
        ("copy-data", (b"\0\0\0\0",)),
        ("expand-path@openssh.com", ("~root",)),
        ("home-directory", ("root",)),
    ):
        with pytest.raises(OSError, match=r".+"):
            client._request(CMD_EXTENDED, extension, *arguments)
    assert sorted(path.name for path in user.root.parent.iterdir() if path.name in {"copy", "secret.txt"}) == ["secret.txt"]


def test_renames_lead_neither_out_nor_over_what_is_the_portals(client: paramiko.SFTPClient, user: User, outside: Path) -> None:
    (user.root / "own.csv").write_bytes(b"mine")
    client.rename("own.csv", "../../own-2.csv")  # seen from the root, there is nothing above it
    assert (user.root / "own-2.csv").read_bytes() == b"mine"
    for target in ("archive", "archive/own.csv", "receipts", "/", ".", "..", "archive/../receipts/x"):
        refused(client, "rename", "own-2.csv", target)
        refused(client, "posix_rename", "own-2.csv", target)
    refused(client, "posix_rename", "archive", "mine")
    refused(client, "rmdir", "/")
    refused(client, "remove", "..")


@pytest.mark.parametrize("name", ["nul\0byte", "line\nbreak", "tab\tname", "x" * 256, "y/" * 600, b"\xff\xfe.csv"])
def test_names_that_no_file_can_have_are_refused_in_words(client: paramiko.SFTPClient, outside: Path, name: str | bytes) -> None:
    with pytest.raises(OSError, match=r"name"):
        client._request(3, name, 0x1A, paramiko.SFTPAttributes())  # open to write


def test_legacy_scp_leads_nowhere_else(user: User, outside: Path, tmp_path: Path) -> None:
    for path in ("../secret.txt", "/etc/passwd", "../s*", "/etc/pass*", str(outside)):
        user.run("scp", "-O", user.at(path), str(tmp_path / "stolen"))
        assert not (tmp_path / "stolen").exists() or SECRET not in (tmp_path / "stolen").read_bytes()
    for command, sent in (
        ("scp -t /etc", b"C0644 4 evil\nabcd\0"),
        ("scp -t .", b"C0644 4 ../evil\nabcd\0"),
        ("scp -r -t .", b"D0755 0 ..\nC0644 4 evil\nabcd\0E\n"),
        ("scp -t archive/evil", b"C0644 4 evil\nabcd\0"),
        ("scp -f ../secret.txt", b"\0\0\0\0"),
    ):
        said = _exec(user, command, sent)
        assert SECRET not in said
        assert not Path("/etc/evil").exists()
        assert not (user.root.parent / "evil").exists()
        assert not (user.zone.archive / "evil").exists()


def _exec(user: User, command: str, sent: bytes) -> bytes:
    transport = user.transport()
    try:
        transport.auth_publickey(user.username, paramiko.Ed25519Key.from_private_key_file(str(user.key)))
        channel = transport.open_session(timeout=10)
        channel.settimeout(10)
        channel.exec_command(command)
        channel.sendall(sent)
        channel.shutdown_write()
        said = b""
        while chunk := channel.recv(4096):
            said += chunk
        return said
    finally:
        transport.close()


@pytest.mark.parametrize(
    "command",
    ["id", "sh -c id", "", "scp2 -t .", "scp", "scp -t . ; id", "/usr/lib/openssh/sftp-server", "rsync --server ."],
)
def test_no_command_is_run(user: User, outside: Path, command: str) -> None:
    done = subprocess.run(
        ["ssh", "-F", "none", *user.options(), f"{user.username}@127.0.0.1", *([command] if command else [])],
        capture_output=True, text=True, timeout=20, input="",
    )  # fmt: skip
    assert done.returncode != 0
    assert "uid=" not in done.stdout + done.stderr
    for made in list(user.root.iterdir()):
        assert "uid=" not in made.name


def test_no_pty_agent_x11_environment_subsystem_or_forwarding(user: User, outside: Path) -> None:
    transport = user.transport()
    transport.auth_publickey(user.username, paramiko.Ed25519Key.from_private_key_file(str(user.key)))
    try:
        for kind in ("direct-tcpip", "direct-streamlocal@openssh.com", "forwarded-tcpip", "tun@openssh.com", "x11"):
            with pytest.raises(paramiko.SSHException):
                transport.open_channel(kind, ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=5)
        for ask in (
            lambda channel: channel.get_pty(), lambda channel: channel.invoke_shell(), lambda channel: channel.invoke_subsystem("shell"),
            lambda channel: channel.request_x11(handler=lambda *_: None),
        ):  # fmt: skip
            with pytest.raises(paramiko.SSHException):
                ask(transport.open_session(timeout=5))
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
    finally:
        transport.close()


@pytest.mark.parametrize("forward", ["-R", "-L", "-D"])
def test_openssh_cannot_forward(user: User, forward: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        target = taken.getsockname()[1]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        what = f"{port}" if forward == "-D" else f"{port}:127.0.0.1:{target}"
        options = ["-o", "ExitOnForwardFailure=yes", "-N", forward, what]
        running = subprocess.Popen(
            ["ssh", "-F", "none", *user.options(), *options, f"{user.username}@127.0.0.1"], stderr=subprocess.DEVNULL
        )
        try:
            if forward == "-R":
                assert running.wait(10) != 0
                return
            taken.settimeout(1.5)
            for _ in range(50):
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=1) as through:
                        if forward == "-D":  # SOCKS 5: connect to the target
                            through.sendall(b"\5\1\0" + b"\5\1\0\1\x7f\0\0\1" + target.to_bytes(2, "big"))
                        break
                except OSError:
                    assert running.poll() is None
                    time.sleep(0.05)
            with pytest.raises(TimeoutError):
                taken.accept()
        finally:
            running.kill()
            running.wait()
