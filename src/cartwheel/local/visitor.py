"""Who is at the door: the address that a request came from, through proxies only where they are trusted."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NEIGHBOURHOOD: Final = 64  # bits of an IPv6 address that one customer of a provider has for themselves


@dataclass(frozen=True, slots=True)
class Visitor:
    """`address` as text. `client` is whom throttling counts: empty for who asks from this very machine, who could just
    as well stop the shop. `secure`: a trusted proxy says that it came by TLS; `forwarded`: that it forwarded it at all.
    """

    address: str
    client: str
    secure: bool = False
    forwarded: bool = False


class Proxies:
    """The proxies that are believed, by address or network, separated by spaces."""

    def __init__(self, setting: str) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(each) for each in setting.split()]
        self._trusts = lru_cache(1024)(self._is_trusted)

    def visitor(self, peer: str, headers: Mapping[str, str]) -> Visitor:
        """Whoever a chain of trusted proxies names: each adds at the right whom it heard."""
        if not (self._networks and self._trusts(peer)):
            return Visitor(peer, client_of(peer))
        address = peer
        for named in reversed(headers.get("x-forwarded-for", "").split(",")):
            if not (self._trusts(address) and _is_address(named.strip())):
                break
            address = named.strip()
        forwarded = address != peer
        secure = headers.get("x-forwarded-proto", "").lower() == "https"
        return Visitor(address, network_of(address) if forwarded else client_of(peer), secure, forwarded)

    def _is_trusted(self, address: str) -> bool:
        parsed = _parse(address)
        return any(parsed in network for network in self._networks)


@lru_cache(4096)
def client_of(peer: str) -> str:
    """Whom to count who asks directly: nobody, if it is this machine."""
    return "" if _parse(peer).is_loopback else network_of(peer)


@lru_cache(4096)
def network_of(address: str) -> str:
    """What one client has: an IPv4 address, or the network of an IPv6 one. Raises ValueError."""
    parsed = _parse(address)
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, NEIGHBOURHOOD), strict=False))


def _parse(address: str) -> Address:
    parsed = ipaddress.ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
