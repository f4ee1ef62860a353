"""Turn a configuration document into the frozen parameters of a sync, or refuse it with the path of every fault.

Source: the configuration document of the interfaces.
"""

from imports.config_parser.parse import parse_config

__all__ = ["parse_config"]
