"""Numbers that wrap: RTP's 16-bit sequence numbers and 32-bit timestamps.

Compared as RFC 1982 compares serial numbers: of two numbers the one that is less than half of the
circle ahead is newer. Numbers exactly half a circle apart are not ordered by the RFC; here their
distance is negative either way, so neither is newer.

Every function takes an `int` or an array of `int64` (or one of each) and returns the same.
"""

from typing import overload

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_HALF_SEQUENCE = 1 << 15
_HALF_TIMESTAMP = 1 << 31


@overload
def sequence_distance(later: int, earlier: int) -> int: ...
@overload
def sequence_distance(later: Integers, earlier: Integers | int) -> Integers: ...
@overload
def sequence_distance(later: int, earlier: Integers) -> Integers: ...
def sequence_distance(later: Integers | int, earlier: Integers | int) -> Integers | int:
    """Steps from `earlier` to `later`, -32768 to 32767; negative when `later` is the older."""
    return ((later - earlier + _HALF_SEQUENCE) & 0xFFFF) - _HALF_SEQUENCE


@overload
def timestamp_distance(later: int, earlier: int) -> int: ...
@overload
def timestamp_distance(later: Integers, earlier: Integers | int) -> Integers: ...
@overload
def timestamp_distance(later: int, earlier: Integers) -> Integers: ...
def timestamp_distance(later: Integers | int, earlier: Integers | int) -> Integers | int:
    """Samples from `earlier` to `later`, -2³¹ to 2³¹-1; negative when `later` is the older."""
    return ((later - earlier + _HALF_TIMESTAMP) & 0xFFFFFFFF) - _HALF_TIMESTAMP


@overload
def extend_sequence(sequence: int, near: int) -> int: ...
@overload
def extend_sequence(sequence: Integers, near: Integers | int) -> Integers: ...
@overload
def extend_sequence(sequence: int, near: Integers) -> Integers: ...
def extend_sequence(sequence: Integers | int, near: Integers | int) -> Integers | int:
    """The unwrapped number that ends in these 16 bits and lies nearest to `near`.

    `near` is any extended number of the same stream, usually the highest so far. The result may be
    negative when the stream began just after a wrap and an older packet comes late.
    """
    return near + ((sequence - near + _HALF_SEQUENCE) & 0xFFFF) - _HALF_SEQUENCE


@overload
def extend_timestamp(timestamp: int, near: int) -> int: ...
@overload
def extend_timestamp(timestamp: Integers, near: Integers | int) -> Integers: ...
@overload
def extend_timestamp(timestamp: int, near: Integers) -> Integers: ...
def extend_timestamp(timestamp: Integers | int, near: Integers | int) -> Integers | int:
    """The unwrapped number that ends in these 32 bits and lies nearest to `near`."""
    return near + ((timestamp - near + _HALF_TIMESTAMP) & 0xFFFFFFFF) - _HALF_TIMESTAMP
