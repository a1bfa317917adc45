"""Whose packet is this? Told by the exact source address; everybody else is a stranger."""

from collections.abc import Mapping

import numpy as np

from ari_app.board.socket import Address, address_key, key_address, socket_address

STRANGER = -1


class Addresses:
    """The address of every row.

    seen_as: the host under which a PBX is seen here, by the host that it says (address
    translation). Where its port is translated too, the first packet from that host to the only row
    that still waits for one settles the address, once.
    """

    def __init__(self, rows: int, seen_as: Mapping[str, str]) -> None:
        self._seen_as = dict(seen_as)
        self._rows: dict[int, int] = {}
        self._keys: dict[int, int] = {}
        self._unsettled: dict[int, str] = {}
        self.destinations = np.zeros((rows, 16), np.uint8)
        "Socket address to send to, per row."
        self.strangers = 0
        "Packets from addresses that nobody told us of."
        self.last_stranger: int | None = None
        "`address_key` of the last of them."
        self.settled = 0
        "Rows whose port was learnt from their first packet."

    def bind(self, row: int, remote: Address) -> None:
        """This row's packets come from there, and go there."""
        self.unbind(row)
        host = self._seen_as.get(remote[0], remote[0])
        self._set(row, (host, remote[1]))
        if remote[0] in self._seen_as:
            self._unsettled[row] = host

    def unbind(self, row: int) -> None:
        self._unsettled.pop(row, None)
        key = self._keys.pop(row, None)
        if key is not None and self._rows.get(key) == row:
            del self._rows[key]

    def row(self, key: int) -> int:
        """The row of a source address (`address_key`), or STRANGER."""
        row = self._rows.get(key, STRANGER)
        if self._unsettled:
            row = self._settle(row, key)
        if row == STRANGER:
            self.strangers += 1
            self.last_stranger = key
        return row

    def _settle(self, row: int, key: int) -> int:
        if row != STRANGER:
            self._unsettled.pop(row, None)
            return row
        seen = key_address(key)
        waiting = [row for row, host in self._unsettled.items() if host == seen[0]]
        if len(waiting) != 1:  # none, or we cannot tell which
            return STRANGER
        self.unbind(waiting[0])
        self._set(waiting[0], seen)
        self.settled += 1
        return waiting[0]

    def _set(self, row: int, address: Address) -> None:
        key = address_key(address)
        self._keys[row] = key
        self._rows[key] = row
        self.destinations[row] = socket_address(address)
