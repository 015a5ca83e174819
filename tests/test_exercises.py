"""The exercises: each chapter has some of every kind, and a solution that its check passes."""

import ast
import re

import exercises
import notebooks
import pytest
import uses
from exercises import EVENING, MARKED, QUESTIONS, RUN

TEXTS = {path.stem: path.read_text("utf-8") for path in exercises.BOOK.glob("text/[0-9]*.md")}
CHAPTERS = sorted(TEXTS)
FOLD = re.compile(r"<details><summary>(.+?)</summary>\n\n(.+?)\n\n</details>", re.DOTALL)


def parts(chapter, kind):
    """A chapter's exercises of a kind: by heading, the text of each."""
    text = TEXTS[chapter]
    found = [one for one in exercises.exercises(chapter, text) if one.kind == kind]
    return {one.heading: part(text, one.heading) for one in found}


def part(text, heading):
    """What stands below a heading, down to the next exercise or section."""
    rest = re.split(rf"^###? {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    return re.split(r"^###? (?!Solution)", rest, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_some_of_every_kind(chapter):
    counts = {kind: len(parts(chapter, kind)) for kind in exercises.KINDS}
    assert counts[QUESTIONS] == counts[EVENING] == 1
    assert counts[MARKED] >= 2 and counts[MARKED] + counts[RUN] >= 3


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_they_are_numbered_and_none_is_left_out(chapter):
    own = TEXTS[chapter].partition("## On your own\n")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (.+)$", own, re.MULTILINE)
    told = [one.heading for one in exercises.exercises(chapter, own)]
    assert headings == told and headings[0] == "Did it stick?"
    numbers = [heading.partition(".")[0] for heading in headings[1:]]
    assert numbers == [f"{i + 1}" for i in range(len(numbers))]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_one_unfolds_has_no_markdown_in_its_name(chapter):
    """It is HTML, and Markdown isn't read in it."""
    named = re.sub("<code>.+?</code>", "", TEXTS[chapter])
    names = re.findall(r"<summary>(.+?)</summary>", named)
    assert [name for name in names if set(name) & set("`*_$")] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_question_has_one_right_answer(chapter):
    [text] = parts(chapter, QUESTIONS).values()
    questions = re.split(r"^\*\*[A-Z]\.\*\* ", text, flags=re.MULTILINE)[1:]
    assert len(questions) >= 4
    places = []
    for question in questions:
        answers = [explained for _, explained in FOLD.findall(question)]
        assert len(answers) >= 2 and question.count("<details>") == len(answers)
        right = [n for n, explained in enumerate(answers) if explained.startswith("Right")]
        assert len(right) == 1
        assert all(len(explained.split()) >= 5 for explained in answers)
        places += right
    assert len(set(places)) > 1  # or one could learn the place


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_solution_is_a_fold_that_explains(chapter):
    for kind in (MARKED, RUN):
        for heading, text in parts(chapter, kind).items():
            told = dict(FOLD.findall(text))
            run = text.partition("#### Solution\n")[2] or text.partition("### Solution\n")[2]
            solution = run or told["Solution"]
            assert not (run and "Solution" in told), heading
            assert len(re.sub(r"```.*?```", "", solution, flags=re.DOTALL).split()) > 8, heading
            if kind == MARKED:
                hints = [name for name in told if name.endswith("hint")]
                assert hints == ["First hint", "Second hint"], heading


def imports(chapter):
    """The import statements of a chapter's code, as one program."""
    trees = [ast.parse(code) for _, code in uses.cells(TEXTS[chapter])]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, IMPORT)]
    return ast.unparse(ast.Module(found, []))


IMPORT = ast.Import | ast.ImportFrom


def marked_in_folds():
    """Each exercise whose solution is not run on the page: the chapter, its text, and the solution's code."""
    for chapter in CHAPTERS:
        for heading, text in parts(chapter, MARKED).items():
            solution = dict(FOLD.findall(text)).get("Solution", "")
            if code := re.findall(r"```python\n(.+?)```", solution, re.DOTALL):
                yield pytest.param(chapter, text, code[0], id=f"{chapter}: {heading}")


@pytest.mark.parametrize(("chapter", "text", "solution"), list(marked_in_folds()))
def test_a_check_passes_the_solution_and_waits_for_it(chapter, text, solution, capsys):
    """The cells as they stand say "not yet"; with the solution in place of the dots, "passes"."""
    cells = [code for _, code in uses.cells(text)]
    names = {}
    exec(imports(chapter), names)
    for code in cells:
        exec(code, names)
    assert capsys.readouterr().out.startswith("not yet: ")
    exec(solution, names)
    exec(cells[-1], names)
    assert capsys.readouterr().out == "passes\n"


def test_the_page_lists_all_of_them():
    page = exercises.tables()
    rows = re.findall(r"^\| \[", page, re.MULTILINE)
    assert len(rows) == len(exercises.listed()) > 60
    links = re.findall(r"\]\((\S+)\.ipynb#\S+\)", page)
    assert sorted(set(links)) == CHAPTERS


@pytest.mark.parametrize(
    "line",
    [
        "*Cooking · quick questions · 5 minutes*",
        "*Data · singing · 5 minutes*",
        "*Data · an open question · 5 minutes*",
        "*Data · predict, then run · an evening*",
    ],
)
def test_a_line_that_says_something_else_is_an_error(line):
    with pytest.raises(ValueError, match="expected"):
        list(exercises.exercises("01-split", f"### 1. Title\n\n{line}\n"))


def test_jupyter_and_colab_show_solutions_closed():
    """A heading folds what is below it if its cell begins with it."""
    notebook = notebooks.read("04-validate")
    closed = [
        cell.id for cell in notebook.cells if cell.metadata.get("jp-MarkdownHeadingCollapsed")
    ]
    assert closed == notebook.metadata["colab"]["collapsed_sections"]
    assert len(closed) == TEXTS["04-validate"].count("\n#### Solution\n")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"(?<!\A)^#{3,4} ", cell.source, re.MULTILINE)
