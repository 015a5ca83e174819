import pytest

from digitlib.accuracy import Share
from digitlib.report import parts


@pytest.mark.parametrize(("n", "columns"), [(1, 1), (3, 10)])
def test_a_table_has_a_row_for_each_name_and_a_cell_for_each_column(n, columns):
    rows = {f"row {i}": [Share(i, 10)] * columns for i in range(n)}
    lines = parts.table("How to read it.", [f"column {i}" for i in range(columns)], rows)
    assert len(lines) == n + 2 and "<caption>How to read it.</caption>" in lines[0]
    assert lines[0].count('scope="col"') == columns
    for i, line in enumerate(lines[1:-1]):
        assert f'scope="row">row {i}<' in line and line.count(f"<td>{10 * i}<br>") == columns
    assert "".join(lines).count("<td>") == n * columns + 1  # the corner


def test_a_section_is_a_heading_and_its_paragraphs():
    assert parts.section("a") == ["<h2>a</h2>"]
    assert parts.section("a", "b", "c")[1:] == ["<p>b</p>", "<p>c</p>"]
