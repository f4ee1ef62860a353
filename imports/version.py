"""The version of what decides the outcome of an import. Raise it when the same files would end differently: then they are worked again."""

VERSION = "1.3.0"
