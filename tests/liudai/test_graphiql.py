"""GraphiQL is served from local files: a bank's network reaches no CDN."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "api" / "static" / "graphiql"


def test_the_page_loads_its_own_files_alone():
    page = (FOLDER / "index.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    files = {reference for reference in loaded if not reference.startswith("data:")}
    assert files == {
        "/static/graphiql/graphiql.css",
        "/static/graphiql/page.css",
        "/static/graphiql/graphiql.js",
    }
    for reference in files:
        assert (FOLDER / reference.rsplit("/", 1)[1]).exists()
    assert "default-src 'none'" in page


def test_no_sheet_loads_anything():
    for sheet in FOLDER.glob("*.css"):
        assert not re.search(r"@import|url\((?!\"?data:)", sheet.read_text())


def test_it_is_small_and_its_licences_are_beside_it():
    assert sum(file.stat().st_size for file in FOLDER.glob("*.*")) < 6_000_000
    licences = (FOLDER / "LICENSES.txt").read_text()
    for package in ("graphiql 4.", "react 19.", "graphql-ws 6.", "codemirror 5."):
        assert package in licences
