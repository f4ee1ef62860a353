"""The portal's own SFTP server: each landing zone is one user's whole world. Source: decision 0023, issue 5."""
