"""A line of the page shows what a file is called as it is."""

from __future__ import annotations

import pytest

from app.state.sentences import as_html
from app.widgets import Line


@pytest.mark.parametrize(
    "text, markdown",
    [
        ("Read in 1.2 s.", "Read in 1.2 s."),
        ("a_b_c.png", r"a\_b\_c.png"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[x](http://a) $1$ ~~x~~ `x`", r"\[x\](http://a) \$1\$ \~\~x\~\~ \`x\`"),
        (None, None),
    ],
)
def test_markup_is_shown(text: str | None, markdown: str | None) -> None:
    assert Line().postprocess(text) == markdown


def test_a_notice_has_no_elements() -> None:
    assert as_html('Kept "a&b.png" <b>') == 'Kept "a&amp;b.png" &lt;b&gt;'
