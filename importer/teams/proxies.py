"""Which proxy the environment names for the team: all that is taken from there."""

from urllib.request import getproxies, proxy_bypass

from importer.teams.origin import Endpoint

__all__ = ["proxy_for"]


def proxy_for(endpoint: Endpoint) -> str:
    """Return the proxy's address, "" for none. This machine itself is always reached directly."""
    host = endpoint.origin.host
    if endpoint.local or proxy_bypass(host):
        return ""
    proxies = getproxies()
    url = proxies.get(endpoint.origin.scheme) or proxies.get("all") or ""
    return url if "://" in url or not url else f"http://{url}"
