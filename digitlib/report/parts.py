"""What a report's page is put together from, as HTML: sections, figures and tables of shares.

>>> from digitlib.accuracy import Share
>>> from digitlib.report import parts
>>> print(*parts.section("How right", "Right: 99 %."), sep="\\n")
<h2>How right</h2>
<p>Right: 99 %.</p>
>>> print(*parts.table("Each row is a pen.", ["small", "large"], {"fine": [Share(9, 10), Share(10, 10)]})[1:2])
<tr><th scope="row">fine</th><td>90<br><small>60&ndash;98</small></td><td>100<br><small>72&ndash;100</small></td></tr>
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from digitlib.accuracy import Share
from digitlib.style import Picture

__all__ = ["figure", "section", "table"]

# Around what may be wider than the screen: arrow keys move it, once one is there.
_MOVED = '<div class="wide" tabindex="0">'


def section(title: str, *paragraphs: str) -> list[str]:
    """A heading and paragraphs, all of them HTML."""
    return [f"<h2>{title}</h2>", *(f"<p>{text}</p>" for text in paragraphs)]


def figure(picture: Picture, alt: str, caption: str, wide: bool = False) -> str:
    """A picture: ``alt`` for who can't see it, ``caption`` for how to read it. A wide one is moved to and fro.

    >>> from digitlib import show
    >>> from digitlib.accuracy import Share
    >>> from digitlib.report import parts
    >>> picture = show.intervals([Share(9, 10)], ["5"])
    >>> parts.figure(picture, "one row", "Each row is a digit.").partition(";")[0]
    '<figure><img src="data:image/png'
    """
    source = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    size = " ".join(f'{side}="{pixels}"' for side, pixels in picture.size.items())
    image = f'<img src="{source}" {size} alt="{escape(alt)}">'
    if wide:
        image = f"{_MOVED}{image}</div>"
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def table(caption: str, head: Sequence[str], rows: Mapping[str, Sequence[Share]]) -> list[str]:
    """A table of shares in %, each with its interval: what it starts with, a line for each row, and what ends it.

    Args:
        caption: how to read it.
        head: the columns' names.
        rows: by name, a share for each column.
    """
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    return [
        f"{_MOVED}<table><caption>{caption}</caption><tr><td></td>{names}</tr>",
        *(
            f'<tr><th scope="row">{name}</th>{"".join(map(_cell, row))}</tr>'
            for name, row in rows.items()
        ),
        "</table></div>",
    ]


def _cell(share: Share) -> str:
    low, high = share.interval
    # With "to" between them the table would be wider than a telephone.
    interval = f"{100 * low:.0f}&ndash;{100 * high:.0f}"
    return f"<td>{100 * share.value:.0f}<br><small>{interval}</small></td>"
