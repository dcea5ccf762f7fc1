"""One exchange with an endpoint over HTTP."""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from alignsurvey.simulators.endpoints.troubles import PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Response", "Wire"]

_LARGE = 2**20
_CONNECT_SECONDS = 15.0


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    seconds: float


class Wire:
    """Connections to one endpoint, kept open between requests.

    Parameters
    ----------
    base_url : str
    key : str
        "" for none.
    """

    def __init__(self, base_url: str, key: str) -> None:
        self._url = f"{base_url}/chat/completions"
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Wire:
        """Open the session; connections are opened as they are needed."""
        headers = {"Content-Type": "application/json", "User-Agent": "alignsurvey"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = aiohttp.ClientSession(
            # How many requests there are at a time is the window's to say.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=300),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Read once here: aiohttp's trust_env would search the environment a request.
            proxy=_proxy_for(self._url),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    async def post(self, body: bytes, seconds: float) -> Response:
        """Send a request and wait for all of its response.

        Parameters
        ----------
        body : bytes
        seconds : float
            How long it may take, connecting included.

        Raises
        ------
        PassingError
            No connection, no response in time, or one that was cut short.
        """
        assert self._session is not None
        data = body if len(body) < _LARGE else io.BytesIO(body)
        start = perf_counter()
        try:
            async with self._session.post(
                self._url, data=data, timeout=_timeout(seconds), allow_redirects=False
            ) as response:
                raw = await response.read()
                return Response(response.status, response.headers, raw, perf_counter() - start)
        except aiohttp.ClientConnectorError as error:
            # A certificate error has no OSError behind it.
            why = getattr(getattr(error, "os_error", None), "strerror", None) or str(error)
            raise PassingError(
                f"cannot be reached: {why}", congestion=True, may_be_all=True
            ) from error
        except TimeoutError as error:
            waited = perf_counter() - start
            raise PassingError(
                f"no response in {waited:.0f} s",
                congestion=True,
                may_be_all=isinstance(error, aiohttp.ConnectionTimeoutError),
            ) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise PassingError(
                f"the connection broke off ({type(error).__name__})", may_be_all=True
            ) from error


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS))


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
