"""One exchange with an endpoint over HTTP."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from alignsurvey.simulators.endpoints.troubles import PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Response", "Wire"]

_LARGE = 2**20
_CONNECT_SECONDS = 15.0
_LOOK_SECONDS = 0.05


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
    longest_seconds : float
        The longest that any response is waited for.
    """

    def __init__(self, base_url: str, key: str, longest_seconds: float) -> None:
        self._url = f"{base_url}/chat/completions"
        self._key = key
        self._connect_seconds = min(longest_seconds / 2, _CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None
        self._due: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()

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
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds),
            # Read once here: aiohttp's trust_env would search the environment a request.
            proxy=_proxy_for(self._url),
        )
        self._loop = asyncio.get_running_loop()
        self._watch = self._loop.create_task(self._watch_times())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
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
        task = asyncio.current_task()
        assert task is not None
        self._due[task] = self._loop.time() + seconds
        try:
            async with self._session.post(self._url, data=data, allow_redirects=False) as response:
                raw = await response.read()
                return Response(response.status, response.headers, raw, perf_counter() - start)
        except aiohttp.ClientConnectorError as error:
            # A certificate error has no OSError behind it.
            why = getattr(getattr(error, "os_error", None), "strerror", None) or str(error)
            raise PassingError(
                f"cannot be reached: {why}", congestion=True, may_be_all=True
            ) from error
        except asyncio.CancelledError as error:
            if task not in self._overdue or task.uncancel() > 0:
                raise
            raise _late(start) from error
        except TimeoutError as error:
            raise _late(start, may_be_all=True) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise PassingError(
                f"the connection broke off ({type(error).__name__})", may_be_all=True
            ) from error
        finally:
            del self._due[task]
            self._overdue.discard(task)

    async def _watch_times(self) -> None:
        """Cancel what is overdue: one look at all costs less than a timer for each."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = self._loop.time()
            for task, due in self._due.items():
                if due <= now and task not in self._overdue:
                    self._overdue.add(task)
                    task.cancel()


def _late(start: float, *, may_be_all: bool = False) -> PassingError:
    waited = perf_counter() - start
    return PassingError(f"no response in {waited:.0f} s", congestion=True, may_be_all=may_be_all)


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
