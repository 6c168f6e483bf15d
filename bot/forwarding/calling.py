"""One careful HTTP caller for every target: no private addresses unless allowed, no redirects, no endless answers."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import certifi
import httpx

from bot.forwarding import addresses
from bot.forwarding.targets import Outcome, TargetError

# Nothing of the request has reached the receiver in these cases: it may simply be tried again.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
LARGEST = 20_000_000


@dataclass(frozen=True)
class Answer:
    """What came back; ``body`` is empty unless it was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def __repr__(self) -> str:
        """Without the body."""
        return f"Answer({self.status})"


class CallFailed(Exception):  # noqa: N818 - carries an outcome
    """There is no answer; ``outcome`` says whether the request may have arrived."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.code)
        self.outcome = outcome


class Caller:
    """Requests to one server. Raises ``TargetError`` at once for a URL or certificate that can never work."""

    def __init__(
        self,
        url: str,
        setting: str,
        *,
        allow_private: bool = False,
        timeout: float = 15.0,
        verify: Literal[True] | str = True,
        cert: tuple[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self._url = checked_url(url, setting)
        self._allow_private = allow_private
        self._longest = 2 * timeout
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(5.0, timeout)),
            follow_redirects=False,
            trust_env=False,
            verify=_tls(verify, cert, setting),
            auth=auth,
            limits=httpx.Limits(max_keepalive_connections=4),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        read: bool = True,
    ) -> Answer:
        """One request. Raises ``CallFailed`` when no answer came."""
        url = self._url.copy_with(path=self._url.path.rstrip("/") + path) if path else self._url
        if query:
            url = url.copy_merge_params(dict(query))
        failed = CallFailed(Outcome("pending", "connect"))
        for address in self._addresses():
            try:
                return self._call(address, method, url, body, headers or {}, read)
            except CallFailed as error:
                failed = error
                if error.outcome.code != "connect":
                    break
        raise failed

    def _addresses(self) -> list[str]:
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            return addresses.resolve(self._url.host, port, self._allow_private)
        except addresses.AddressRefused:
            raise CallFailed(Outcome("rejected", "private_address")) from None
        except addresses.NameUnknown:
            raise CallFailed(Outcome("pending", "dns")) from None

    def _call(
        self, address: str, method: str, url: httpx.URL, body: bytes, headers: Mapping[str, str], read: bool
    ) -> Answer:
        request = self._client.build_request(
            method,
            url.copy_with(host=address),
            content=body or None,
            headers={**headers, "User-Agent": "an-tam", "Host": url.netloc.decode()},
            extensions={"sni_hostname": url.host},
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                content = self._read(response) if read else b""
            finally:
                response.close()
        except NOT_SENT:
            raise CallFailed(Outcome("pending", "connect")) from None
        except httpx.TimeoutException:
            raise CallFailed(Outcome("unknown", "timeout")) from None
        except (httpx.TransportError, httpx.DecodingError):
            raise CallFailed(Outcome("unknown", "cut")) from None
        return Answer(response.status_code, response.headers, content)

    def _read(self, response: Any) -> bytes:
        until, content = time.monotonic() + self._longest, b""
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > until or len(content) > LARGEST:
                raise CallFailed(Outcome("unknown", "timeout"))
        return content


def _tls(verify: Literal[True] | str, cert: tuple[str, str] | None, setting: str) -> ssl.SSLContext:
    """Our own context: httpx forgets the client certificate when an authority's file is given."""
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else certifi.where())
        if cert is not None:
            context.load_cert_chain(*cert)
    except (OSError, ValueError):
        raise TargetError(f"the certificate files for {setting} cannot be read: check their paths") from None
    return context


def checked_url(text: str, setting: str) -> httpx.URL:
    """The URL of a setting. Raises ``TargetError``: ``https://`` only, ``http://`` to this machine."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError):
        raise TargetError(f"{setting} is not an address: write https://…") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise TargetError(f"{setting} is not an address: write https://…")
    if url.userinfo:
        raise TargetError(f"{setting} must not hold a user name or password: remove them")
    if url.scheme == "http" and not addresses.is_loopback(url.host):
        raise TargetError(f"{setting} must start with https:// (http:// only to this machine)")
    return url


def pair(cert: Path | None, key: Path | None, setting: str) -> tuple[str, str] | None:
    """The client certificate and its key for mTLS. Raises ``TargetError`` when only one is given."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise TargetError(f"{setting}_CERT and {setting}_KEY belong together: set both")
    return str(cert), str(key)
