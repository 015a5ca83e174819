"""A share with its interval, as a report writes it, beside the one that it should be."""

import math
import re
from collections.abc import Mapping

from digitlib.accuracy import Share, wilson

__all__ = ["fault"]

_FIGURE = re.compile(
    r"(?P<value>\d+(?:\.\d+)?) ?%"
    r"(?: ?\((?P<low>\d+(?:\.\d+)?)(?: ?%)? ?(?:to|-|–|,) ?(?P<high>\d+(?:\.\d+)?)(?: ?%)?\))?"  # noqa: RUF001
    r"(?: of (?P<n>\d[\d,]*))?"
)


def fault(line: str, name: str, shares: Mapping[str, Share]) -> str | None:
    """What a line says in place of one of some shares.

    Args:
        line: such as ``valid: 97.9 % (97.5 to 98.3) of 5,000``.
        name: which of the shares it should be.
        shares: that one, and others that it may have been taken from, by their names.

    Returns:
        Nothing, ``""``, where it's that share to a place after the point, with its interval and its n. None where the
        line has no share. Else the first thing that is another, and whose it is, if that is known.

    >>> shares = {"train": Share(999, 1000), "valid": Share(95, 100)}
    >>> fault(f"valid: {shares['valid']}", "valid", shares)
    ''
    >>> fault("valid: 95 %", "valid", shares)
    'no interval behind it, from its lower to its upper end in brackets'
    >>> fault("valid: 99.9 % (99.4 to 100.0) of 1,000", "valid", shares)
    '99.9 %, which is that of train'
    """
    share, said = shares[name], _FIGURE.search(line)
    if said is None:
        return None
    if not _near(value := float(said["value"]), share.value):
        whose = [
            f", which is that of {each}" for each in shares if _near(value, shares[each].value)
        ]
        return f"{said['value']} %{whose[0] if whose else ''}"
    if said["low"] is None:
        return "no interval behind it, from its lower to its upper end in brackets"
    ends = float(said["low"]), float(said["high"])
    if not all(map(_near, ends, share.interval)):
        return f"{said['low']} to {said['high']}{_whose(ends, share, shares)}"
    if said["n"] is None or int(said["n"].replace(",", "")) != share.n:
        return f"of {said['n'] or 'no number of images'}"
    return ""


def _whose(ends: tuple[float, float], share: Share, shares: Mapping[str, Share]) -> str:
    """Which other interval these ends are, in words; nothing where none is known."""
    for name, other in shares.items():
        if all(map(_near, ends, wilson(share.value * other.n, other.n))):
            return f", which is the interval of {other.n:,} images, as many as {name} has"
    half = 1.96 * math.sqrt(share.value * (1 - share.value) / share.n)
    if all(map(_near, ends, (share.value - half, share.value + half))):
        return ", which is p ± 1.96 √(p (1 − p) / n), and not Wilson's"  # noqa: RUF001
    return ""


def _near(said: float, share: float) -> bool:
    """Whether per cent, rounded to a place, are a share."""
    return abs(said - 100 * share) < 0.06
