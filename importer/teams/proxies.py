"""Which proxy the environment names for the team: all that is taken from there."""

import os
from urllib.request import getproxies, proxy_bypass

from importer.teams.origin import Endpoint

__all__ = ["proxy_for", "variable_of"]


def proxy_for(endpoint: Endpoint) -> str:
    """Return the proxy's address, "" for none. This machine itself is always reached directly."""
    host = endpoint.origin.host
    if endpoint.local or proxy_bypass(host):
        return ""
    proxies = getproxies()
    url = proxies.get(endpoint.origin.scheme) or proxies.get("all") or ""
    return url if "://" in url or not url else f"http://{url}"


def variable_of(endpoint: Endpoint) -> str:
    """Return the name of the variable that `proxy_for` took the address from."""
    for name in (f"{endpoint.origin.scheme}_proxy", "all_proxy"):
        # In small letters goes before any other spelling.
        for spelled in sorted(os.environ, reverse=True):
            if spelled.lower() == name and os.environ[spelled]:
                return spelled
    return "the system's settings"
