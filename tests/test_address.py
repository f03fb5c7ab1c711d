"""The repository's address: one setting, empty in a clone, right in every button and download where it is set."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from browsing import open_browser, serve
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "book" / "_tools" / "address.py"
sys.path[:0] = [str(ROOT / "book" / "_tools"), str(ROOT / "book" / "_ext")]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8"))
ADDRESS = "https://github.com/OWNER/NAME"


def run(*command: object, **options) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


# Files


def test_no_file_names_a_repository_of_this_book():
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in (".github", "benchmarks", "book", "notebooks", "s2s_tutorial"):
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    texts = [
        path
        for path in files
        if path.suffix not in (".png", ".safetensors", ".bib", ".pyc") and ".ipynb_checkpoints" not in path.parts
    ]
    assert len(texts) > 100
    named = re.compile(r"(?:github|gitlab)\.com/(?!OWNER/NAME)[\w.-]+/[\w.-]+")
    found = {path.name: named.findall(path.read_text(encoding="utf-8")) for path in texts}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_the_first_cell_asks_for_the_packages_that_the_project_names():
    needed = re.search(r'^NEEDED = "(.*)"$', TOOL.with_name("first_cell.py").read_text(), re.MULTILINE)[1].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]]
    assert sorted(needed) == sorted([project["name"], *listed])


@pytest.fixture
def chapters(tmp_path):
    """A copy of the chapters."""
    return Path(shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("[!0-9]*")))


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.is_file()}


def test_the_address_is_written_into_one_line_of_every_script_and_notebook(chapters):
    before = contents(chapters)
    run(sys.executable, "-S", TOOL, ADDRESS, chapters)  # without any package
    for name, text in contents(chapters).items():
        old, new = before[name].splitlines(), text.splitlines()
        assert [line for line in new if line not in old] == [line for line in new if ADDRESS in line], name
        assert len(new) == len(old)
        assert sum(ADDRESS in line for line in new) == 1
        if name.endswith(".ipynb"):
            nbformat.validate(nbformat.reads(text, as_version=4))
    run(sys.executable, TOOL, "", chapters)
    assert contents(chapters) == before


def test_an_invalid_address_is_refused_before_anything_is_written(chapters):
    before = contents(chapters)
    done = subprocess.run(
        [sys.executable, TOOL, 'x"; import os', chapters], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "is not the address of a repository" in done.stderr
    assert contents(chapters) == before


# The workflow that publishes


def step(job: str, name: str) -> str:
    """Return the shell commands of a step."""
    return next(part["run"] for part in WORKFLOW["jobs"][job]["steps"] if part.get("name") == name)


def test_the_workflow_takes_the_address_from_its_own_environment_and_only_one_job_may_write():
    assert WORKFLOW["env"] == {"S2S_REPOSITORY": "${{ github.server_url }}/${{ github.repository }}"}
    writing = [name for name, job in WORKFLOW["jobs"].items() if job.get("permissions", {}).get("contents") == "write"]
    assert writing == ["notebooks"]
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_the_workflow_writes_the_chapters_to_a_branch_with_all_that_binder_and_colab_need(tmp_path, chapters):
    for path in ("book/_tools/address.py", "book/_tools/first_cell.py", "environment.yml", "pyproject.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    who = {"GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@localhost"}
    who |= {"GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@localhost"}
    origin = tmp_path.parent / f"{tmp_path.name}.git"
    run("git", "init", "--quiet", "--bare", origin)
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=tmp_path)
    run("git", "add", "--all", cwd=tmp_path)
    run("git", "commit", "--quiet", "--message", "All", cwd=tmp_path, env=os.environ | who)
    run("git", "remote", "add", "origin", origin, cwd=tmp_path)
    run("git", "push", "--quiet", "origin", "main", cwd=tmp_path)
    for _ in range(2):  # the second publication replaces the first
        run("git", "checkout", "--quiet", "--detach", "origin/main", cwd=tmp_path)
        run(
            shutil.which("bash"),
            "-e",
            "-c",
            step("notebooks", "Write the branch"),
            cwd=tmp_path,
            env=os.environ | {"S2S_REPOSITORY": ADDRESS},
        )
    held = run("git", "ls-tree", "-r", "--name-only", "notebooks", cwd=origin).split()
    assert set(run("git", "ls-tree", "-r", "--name-only", "main", cwd=origin).split()) == set(held)
    assert "environment.yml" in held
    for name in ("06_attention.ipynb", "06_attention.py"):
        assert ADDRESS in run("git", "show", f"notebooks:notebooks/{name}", cwd=origin)
        assert ADDRESS not in run("git", "show", f"main:notebooks/{name}", cwd=origin)
    assert run("git", "rev-list", "--count", "main..notebooks", cwd=origin).strip() == "1"


# The site


@pytest.mark.parametrize("address", ["https://example.org/OWNER/NAME", "https://github.com/OWNER", "nonsense"])
def test_an_address_that_no_button_can_use_stops_the_build(address):
    from s2s_address import theme_options

    with pytest.raises(ExtensionError, match=r"S2S_REPOSITORY is '.*', expected https://github.com/OWNER/NAME"):
        theme_options(address)


@pytest.fixture(scope="module")
def published(site, tmp_path_factory):
    """The site without an address, of which two pages and all downloads were written again with an address.

    Whatever depends on the address is the same on every page, or made for all downloads together. So the other pages, which
    would take a minute, are left as they are.
    """
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(site.parent, folder / "_build")
    pages = ["notebooks/06_attention.ipynb", "book/notation.md"]
    program = (
        "from functools import partial; from jupyter_book import sphinx; from jupyter_book.cli.main import main; "
        f"sphinx.build_sphinx = partial(sphinx.build_sphinx, filenames={pages}); main()"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "S2S_REPOSITORY": ADDRESS}
    options = ["build", ".", "-W", "-n", "--keep-going", "--path-output", folder]
    run(sys.executable, "-c", program, *options, cwd=ROOT, env=environment)
    return folder / "_build" / "html"


def buttons(path: Path) -> dict[str, str]:
    """Return the addresses of the buttons above a page, by their words."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return {a.get_text(strip=True): a["href"] for a in page.select(".article-header-buttons a")}


@pytest.mark.slow
def test_a_chapters_buttons_lead_to_files_of_the_branches(published):
    found = buttons(published / "notebooks" / "06_attention.html")
    branch = "notebooks"  # the one that the workflow writes
    assert f"refs/heads/{branch}" in step("notebooks", "Write the branch")
    binder = urlsplit(found["Binder"])
    assert binder._replace(query="").geturl() == f"https://mybinder.org/v2/gh/OWNER/NAME/{branch}"
    assert parse_qs(binder.query) == {"urlpath": ["lab/tree/notebooks/06_attention.ipynb"]}
    colab = f"https://colab.research.google.com/github/OWNER/NAME/blob/{branch}/notebooks/06_attention.ipynb"
    assert found["Colab"] == colab
    assert found["Repository"] == ADDRESS
    assert found["Suggest edit"] == f"{ADDRESS}/edit/main/notebooks/06_attention.py"
    assert found["Open issue"].startswith(f"{ADDRESS}/issues/new?title=")


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_a_tests_name_is_a_link_only_where_there_is_an_address(address):
    import s2s_address
    import s2s_reference

    role = s2s_reference.Test()
    config = SimpleNamespace(html_theme_options=s2s_address.theme_options(address))
    settings = SimpleNamespace(env=SimpleNamespace(config=config))
    role.rawtext, role.text = "", "tests/test_a.py::test_it_is_so"
    role.inliner = SimpleNamespace(document=SimpleNamespace(settings=settings))
    [node], _ = role.run()
    assert node.astext() == "it is so"
    assert node.get("refuri") == (f"{ADDRESS}/blob/notebooks/tests/test_a.py" if address else None)


@pytest.mark.slow
def test_a_page_that_is_not_a_chapter_has_nothing_to_launch_or_download(published):
    found = buttons(published / "book" / "notation.html")
    assert set(found) == {"Repository", "Suggest edit", "Open issue"}
    assert found["Suggest edit"] == f"{ADDRESS}/edit/main/book/notation.md"


@pytest.mark.browser
def test_a_page_with_all_buttons_is_accessible_fits_a_phone_and_requests_no_other_host(published):
    from axe_playwright_python.sync_playwright import Axe

    requests = []
    with serve(published) as address, open_browser() as browser:
        page = browser.new_page(viewport={"width": 375, "height": 700})
        page.on("request", lambda asked: requests.append(asked.url))
        page.goto(f"{address}notebooks/06_attention.html")
        for label in ("Launch interactive content", "Source repositories"):
            page.get_by_label(label).click()
            assert page.locator(".dropdown-menu.show a").count() >= 2
            assert Axe().run(page).response["violations"] == []
        assert page.evaluate("() => document.documentElement.scrollWidth") == 375
    assert [url for url in requests if not url.startswith((address, "data:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", [".ipynb", ".py"])
def test_a_download_is_saved_as_a_file_and_knows_the_address(published, tmp_path, kind):
    with serve(published) as address, open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{address}notebooks/06_attention.html")
        page.get_by_label("Download this page").click()
        with page.expect_download() as download:
            page.locator(".dropdown-download-buttons a", has_text=re.compile(rf"^\s*\{kind}\s*$")).click()
        assert download.value.suggested_filename == f"06_attention{kind}"
        download.value.save_as(tmp_path / "saved")
        assert page.url == f"{address}notebooks/06_attention.html"
        assert len(page.context.pages) == 1
    shutil.copyfile(ROOT / "notebooks" / f"06_attention{kind}", tmp_path / f"06_attention{kind}")
    run(sys.executable, TOOL, ADDRESS, tmp_path)
    assert (tmp_path / "saved").read_text() == (tmp_path / f"06_attention{kind}").read_text()
