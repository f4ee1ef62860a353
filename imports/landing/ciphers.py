"""asyncssh's two fastest ciphers, with what a packet does not need left out: cipher objects live as long as the connection, not as long as a packet.

They give the same bytes as asyncssh's own (tests compare them); the cryptography is OpenSSL's, as there.
"""

import struct

from asyncssh import SSHServerConnection
from asyncssh.constants import MSG_IGNORE
from asyncssh.encryption import Encryption, register_encryption_alg
from asyncssh.packet import SSHPacketLogger
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.poly1305 import Poly1305

_TAG = 16
_POLY_KEY = 32
_FIRST_BLOCK = bytes(64)  # block 0 of a packet's stream is the key of its checksum; the data begin with block 1
_START = bytes(8)


class Gcm(Encryption):
    """aes128-gcm@openssh.com and aes256-gcm@openssh.com (RFC 5647)."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._cipher = AESGCM(key)
        self._fixed, self._count = iv[:4], int.from_bytes(iv[4:], "big")

    @classmethod
    def new(cls, cipher_name: str, key: bytes, iv: bytes, mac_alg: bytes = b"", mac_key: bytes = b"", etm: bool = False) -> "Gcm":
        """One direction of a connection."""
        return cls(key, iv)

    @classmethod
    def needs_mac(cls) -> bool:
        """It has its own."""
        return False

    @classmethod
    def get_mac_params(cls, mac_alg: bytes) -> tuple[int, int, bool]:
        """Size of a further key and of the checksum, and that the length stays readable."""
        return 0, _TAG, True

    def _iv(self) -> bytes:
        iv = self._fixed + self._count.to_bytes(8, "big")
        self._count = (self._count + 1) & 0xFFFFFFFFFFFFFFFF
        return iv

    def encrypt_packet(self, seq: int, header: bytes, packet: bytes) -> tuple[bytes, bytes]:
        """Encrypt a packet; its header is only guarded."""
        return header, self._cipher.encrypt(self._iv(), packet, header)  # the checksum is at the end already

    def decrypt_header(self, seq: int, first_block: bytes, header_len: int) -> tuple[bytes, bytes]:
        """The header is readable."""
        return first_block, first_block[:header_len]

    def decrypt_packet(self, seq: int, first: bytes, rest: bytes, header_len: int, mac: bytes) -> bytes | None:
        """Decrypt a packet; None when it was tampered with."""
        try:
            return self._cipher.decrypt(self._iv(), b"".join((first[header_len:], rest, mac)), first[:header_len])
        except InvalidTag:
            return None


class Chacha(Encryption):
    """chacha20-poly1305@openssh.com (PROTOCOL.chacha20poly1305 of OpenSSH)."""

    def __init__(self, key: bytes) -> None:
        half = len(key) // 2
        self._data, self._header = _stream(key[:half]), _stream(key[half:])

    @classmethod
    def new(cls, cipher_name: str, key: bytes, iv: bytes, mac_alg: bytes = b"", mac_key: bytes = b"", etm: bool = False) -> "Chacha":
        """One direction of a connection."""
        return cls(key)

    @classmethod
    def needs_mac(cls) -> bool:
        """It has its own."""
        return False

    @classmethod
    def get_mac_params(cls, mac_alg: bytes) -> tuple[int, int, bool]:
        """Size of a further key and of the checksum, and that the checksum is over what is encrypted."""
        return 0, _TAG, True

    def _checksum_key(self, seq: int) -> bytes:
        """Begin the stream of a packet."""
        self._data.reset_nonce(_START + struct.pack(">Q", seq))
        return self._data.update(_FIRST_BLOCK)[:_POLY_KEY]

    def _crypt_header(self, seq: int, header: bytes) -> bytes:
        self._header.reset_nonce(_START + struct.pack(">Q", seq))
        return self._header.update(header)

    def encrypt_packet(self, seq: int, header: bytes, packet: bytes) -> tuple[bytes, bytes]:
        """Encrypt a packet and its header."""
        key = self._checksum_key(seq)
        encrypted = self._crypt_header(seq, header) + self._data.update(packet)
        return encrypted, Poly1305.generate_tag(key, encrypted)

    def decrypt_header(self, seq: int, first_block: bytes, header_len: int) -> tuple[bytes, bytes]:
        """Decrypt the length of a packet."""
        return first_block, self._crypt_header(seq, first_block[:header_len])

    def decrypt_packet(self, seq: int, first: bytes, rest: bytes, header_len: int, mac: bytes) -> bytes | None:
        """Decrypt a packet; None when it was tampered with."""
        key = self._checksum_key(seq)
        encrypted = first + rest
        try:
            Poly1305.verify_tag(key, encrypted, mac)
        except InvalidSignature:
            return None
        return self._data.update(encrypted[header_len:])


def _stream(key: bytes) -> CipherContext:
    return Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()


def use_own_ciphers() -> None:
    """Have asyncssh use these two in this process."""
    register_encryption_alg(b"aes128-gcm@openssh.com", Gcm, "aes128-gcm", default=False)
    register_encryption_alg(b"aes256-gcm@openssh.com", Gcm, "aes256-gcm", default=False)
    register_encryption_alg(b"chacha20-poly1305@openssh.com", Chacha, "chacha20-poly1305", default=False)


def send_no_decoys(connection: SSHServerConnection) -> None:
    """Send no empty message before each real one: that is a remedy for CBC, which is not offered, and costs as much as a packet."""
    send = connection.send_packet

    def send_real(kind: int, *parts: bytes, handler: SSHPacketLogger | None = None) -> None:
        if kind != MSG_IGNORE:
            send(kind, *parts, handler=handler)

    setattr(connection, "send_packet", send_real)  # noqa: B010 - asyncssh has no setting for it
