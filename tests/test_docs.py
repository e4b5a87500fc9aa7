"""The documentation: every path exists, excerpts are exact, both READMEs have the same shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.settings import Settings
from ml.recipe import read_recipe

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINES_MAX = 300
TEST_SETTINGS = {"LIUDAI_TEST_DATABASE_URL", "LIUDAI_TEST_REDIS_URL"}

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# A path in the text: it has a folder and a known ending, and names no placeholder.
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|md|toml|sql|yml|graphql))`")
_SETTING = re.compile(r"LIUDAI_[A-Z_]*[A-Z]")


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    return re.findall(r"^(#+) ", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_and_path_leads_somewhere(page: Path) -> None:
    lost = []
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    lost += [path for path in _PATH.findall(prose(page)) if not (ROOT / path).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_setting_named_exists(page: Path) -> None:
    known = TEST_SETTINGS | {f"LIUDAI_{name.upper()}" for name in Settings.model_fields}
    assert set(_SETTING.findall(page.read_text(encoding="utf-8"))) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) < LINES_MAX


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_excerpts_are_exact(page: Path) -> None:
    for info, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        language, _, path = info.partition(" ")
        if not path:
            continue
        code, place = (ROOT / path).read_text(encoding="utf-8"), 0
        for piece in re.split(r"^…\n", block, flags=re.MULTILINE):
            place = code.find(piece, place)
            assert place >= 0, f"{language} of {path} has not, or not in this order:\n{piece}"


def test_both_readmes_have_the_same_shape() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert headings(english) == headings(chinese)
    links = [set(_LINK.findall(page.read_text(encoding="utf-8"))) for page in (english, chinese)]
    local = [{link for link in found if not link.startswith(("#", "README"))} for found in links]
    assert local[0] == local[1]


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    index = set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert index == {page.name for page in folder.glob("0*.md")}


def test_the_recipe_in_the_guide_can_be_read() -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    recipes = [block for info, block in _FENCE.findall(text) if info == "toml"]
    assert [read_recipe(recipe).name for recipe in recipes] == ["branch_book"]
