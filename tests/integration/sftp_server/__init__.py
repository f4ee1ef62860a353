"""The SFTP server as clients meet it: a real process, real clients, and what lies on the disk afterwards."""
