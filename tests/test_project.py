"""The repository as a whole: lists of packages agree, rooms import one way, pages name existing files and tests."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib import metadata
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "s2s_tutorial"
FILES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
MODULES = sorted(name for name in FILES if not name.endswith(("__init__", "__main__")))
# The rooms, each of which may import from those before it. CONTRIBUTING says what belongs where.
LAYERS = [["arguments"], ["settings", "workers", "one_file", "grammar"], ["files", "presets"], ["data"], ["model"],
          ["translation"], ["runs"], ["training"], ["notebook", "web", "cli"]]  # fmt: skip
ALLOWED = {("training.watchers", "notebook.plots"), ("training.watchers", "notebook.fonts"),
           ("cli.commands", "notebook.plots"), ("cli.commands", "web.export"), ("cli.messages", "notebook.plots"),
           ("cli.show_page", "web.export"), ("cli.show_page", "web.page"), ("cli.show_page", "web.server")}  # fmt: skip
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Packages whose name in conda differs from that in pip.
CONDA_NAMES = {"pytorch": "torch", "pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def name_of(requirement: str) -> str:
    """Return the name of a requirement in a normalised spelling."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()
    return re.sub(r"[-_.]+", "-", CONDA_NAMES.get(name, name))


def required() -> set[str]:
    """Return the names of all packages in pyproject.toml, those of the extras too."""
    extras = PROJECT["optional-dependencies"].values()
    return {name_of(text) for texts in (PROJECT["dependencies"], *extras) for text in texts}


def test_the_conda_environment_names_the_same_packages():
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").split("dependencies:", 1)[1].splitlines()
    listed = [
        line.split("#")[0].strip().removeprefix("- ").strip("\"'") for line in lines if line.strip().startswith("- ")
    ]
    names = {name_of(text) for text in listed if text and not text.startswith("-") and text != "pip:"}
    assert names - {"python", "pip", name_of(PROJECT["name"])} == required()


def test_every_package_is_pinned_once_in_the_lock_file():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip() and not line.startswith("-")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==[\w.+!-]+( ?;.*)?", pin) for pin in pins)
    names = [name_of(pin) for pin in pins]
    assert len(set(names)) == len(names)
    assert required() <= set(names)


def test_every_file_that_gives_the_version_gives_the_same():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert citation["version"] == newest == PROJECT["version"]


def workflow(name: str) -> dict:
    """Return the parsed workflow of continuous integration with this name."""
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / ".github" / "workflows").iterdir()))
def test_every_workflow_parses_and_its_jobs_have_steps(name):
    jobs = workflow(name)["jobs"]
    assert {job: keys for job, keys in jobs.items() if not keys["steps"] or "runs-on" not in keys} == {}


def test_the_workflow_starts_with_the_lowest_python_that_the_project_requires():
    matrix = workflow("test")["jobs"]["systems"]["strategy"]["matrix"]
    pythons = [tuple(map(int, version.split("."))) for version in matrix["python"]]
    lowest = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    assert pythons == sorted(set(pythons))
    assert pythons[0] == lowest
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}


def test_lint_runs_before_the_tests_and_the_workflow_runs_both():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines.index("make lint") < lines.index("make test")
    assert "bash .ci/run" in [step.get("run") for step in workflow("test")["jobs"]["test"]["steps"]]


def test_pre_commit_checks_what_make_lint_checks():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlint:")[1].split("\n\n")[0]
    tools = set(re.findall(r"\$\(BIN\)/([\w-]+)", recipe))
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    entries = [hook["entry"].split()[0] for hook in hooks]
    assert {entry.removeprefix(".venv/bin/") for entry in entries if entry.startswith(".venv/")} == tools
    assert {"ruff", "codespell", "mypy"} <= tools


def test_the_tests_run_with_the_versions_of_the_lock_file():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    installed = {name: metadata.version(name).split("+")[0] for name in pinned}  # torch's ends with +cpu
    assert {name: version for name, version in installed.items() if version != pinned[name]} == {}


def test_the_lock_file_is_within_the_bounds_of_the_project():
    extras = PROJECT["optional-dependencies"].values()
    asked = [Requirement(text) for texts in (PROJECT["dependencies"], *extras) for text in texts]
    assert [str(one) for one in asked if not one.specifier.contains(metadata.version(one.name))] == []


# Modules


def imports_of(module: str) -> set[str]:
    """Return the modules of the package that a module imports, anywhere and with any kind of import."""
    package = ["s2s_tutorial", *module.split(".")[:-1]]
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    names = {name.removeprefix("s2s_tutorial.") for name in found if name.startswith("s2s_tutorial.")}
    # "from s2s_tutorial.model.loss import masked" names what is in a module: the longest part that is one counts.
    known = {*MODULES, *(name.removesuffix(".__init__") for name in FILES)}
    return {next((part for part in parts_of(name) if part in known), name) for name in names} - {module}


def parts_of(name: str) -> list[str]:
    """Return a name and the packages that contain it: a.b.c, a.b, a."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def test_imports_of_modules_form_no_cycle():
    graph = {module: imports_of(module) & set(MODULES) for module in MODULES}
    assert sum(map(len, graph.values())) > len(MODULES)  # else imports are not found
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, naming the circle
    assert set(order) == set(MODULES)


def test_imports_between_the_rooms_run_one_way():
    height = {room: layer for layer, rooms in enumerate(LAYERS) for room in rooms}
    upward = {
        (module, other)
        for module in MODULES
        for other in imports_of(module)
        if module.split(".")[0] != other.split(".")[0]
        and height[module.split(".")[0]] <= height[other.split(".")[0]]
        and (module, other) not in ALLOWED
    }
    assert upward == set()


def test_the_path_to_the_first_step_has_at_most_14_files_and_each_is_imported_on_it():
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("### From the command `train`")[1]
    path = [name.replace("/", ".") for name in re.findall(r"^\d+\. `([\w/]+)\.py`: ", section, re.MULTILINE)]
    assert 10 <= len(path) <= 14
    assert path[-1] == "training.optimiser"
    reached = {path[0], *imports_of(path[0])}
    for module in path[1:]:
        # A name that a package exports, such as `settings.Settings`, leads to one of its modules.
        assert not reached.isdisjoint(parts_of(module)), module
        reached |= imports_of(module)


def test_relative_imports_are_seen_too(monkeypatch, tmp_path):
    source = tmp_path / "one.py"
    source.write_text(
        "from . import clauses\nfrom .verbs import NOW\nfrom .. import choices\nimport s2s_tutorial.files\n"
    )
    monkeypatch.setitem(FILES, "grammar.french.one", source)
    expected = {"grammar.french.clauses", "grammar.french.verbs", "grammar.choices", "files"}
    assert imports_of("grammar.french.one") == expected


def test_at_most_six_modules_are_at_the_top_and_none_is_long():
    assert sum("." not in module for module in MODULES) <= 6
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: count for name, count in lines.items() if count > 320} == {
        name: lines[name] for name in ("grammar.french.lexicon", "grammar.german.lexicon")
    }


def test_no_function_is_long():
    # The options of a command are a table of data, so a command is counted from its docstring on.
    long = {
        f"{name}.{node.name}": node.end_lineno
        - (node.body[0] if name in ("cli.commands", "cli.training_commands") else node).lineno
        + 1
        for name, path in FILES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: count for name, count in long.items() if count > 45} == {}


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_starts_without_the_heavy_packages():
    loaded = set(run_python("import sys, s2s_tutorial.cli.commands; print(*sys.modules)").split())
    assert "s2s_tutorial.cli.commands" in loaded
    assert loaded.isdisjoint({"torch", "matplotlib", "sacrebleu", "tensorboard", "numpy", "pooch"})


@pytest.mark.slow
def test_importing_the_package_touches_no_network_and_writes_no_file():
    code = f"""
import importlib, sys

sys.dont_write_bytecode = True
watching = False

def watch(event, arguments):
    if watching and event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request", "os.mkdir"):
        raise RuntimeError(f"{{event}} {{arguments}} while importing")

import matplotlib, tensorboard, torch  # these may do anything at first use
from torch.utils import tensorboard as _
import matplotlib.figure, sacrebleu.metrics, pooch
sys.addaudithook(watch)
watching = True
for module in {MODULES!r}:
    importlib.import_module("s2s_tutorial." + module)
print("all imported")
"""
    assert run_python(code) == "all imported\n"


def test_only_the_download_of_the_corpus_and_the_server_can_reach_the_network():
    network = {
        "socket",
        "urllib",
        "http",
        "requests",
        "pooch",
        "ftplib",
        "httpx",
        "aiohttp",
        "huggingface_hub",
        "tornado",
    }
    users = set()
    for module in MODULES:
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] in network for name in names):
                users.add(module)
    assert users == {"data.tatoeba", "web.server"}


def test_nothing_that_loads_a_file_can_run_code_from_it():
    risky = re.compile(
        r"torch\.load\(|\bpickle\b|\bmarshal\b|\bshelve\b|(?<![.\w])(?:eval|exec)\(|yaml\.load\(|allow_pickle"
    )
    found = {path.name: risky.findall(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {name: words for name, words in found.items() if words} == {}


# Files and tests that pages name


def names_of_tests(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_table_of_2017_names_exists():
    text = (ROOT / "book" / "from-2017.md").read_text(encoding="utf-8")
    named = re.findall(r"tests/([\w/]+\.py)::(\w+)", text)
    assert len(named) >= 20  # a row for each part of the notebook that ends here
    missing = [
        f"tests/{file}::{name}"
        for file, name in named
        if not (ROOT / "tests" / file).is_file() or name not in names_of_tests(ROOT / "tests" / file)
    ]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "book/from-2017.md"])
def test_files_that_a_page_links_to_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "book/from-2017.md", "book/where-this-leads.md"])
def test_a_number_that_links_to_a_chapter_is_its_own(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\[(?:[Cc]hapter )?(\d+)[^\]]*\]\(\S*notebooks/(\d\d)_|`(\d+) <\S*notebooks/(\d\d)_", text)
    numbers = [(one or other, of or its) for one, of, other, its in links]
    assert len(numbers) >= 9
    assert [pair for pair in numbers if int(pair[0]) != int(pair[1])] == []


def paths_in_tree(text: str) -> list[str]:
    """Return the files of an indented tree, each with its folders, such as "data/text.py"."""
    folders, files = [], []
    for line in text.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth:] = [name]
        if not name.endswith("/"):
            files.append("".join(folders[1:]))
    return files


def test_the_tree_in_the_readme_has_every_module():
    tree = (ROOT / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    assert all(len(line.split(maxsplit=1)) == 2 for line in tree.splitlines()[1:]), "a file without a description"
    expected = sorted(name.replace(".", "/") + ".py" for name in MODULES)
    assert sorted(paths_in_tree(tree)) == expected


def test_the_readme_has_the_source_and_the_tests_of_every_chapter():
    spec = spec_from_file_location("chapter_table", ROOT / "book" / "_tools" / "chapter_table.py")
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.table() in (ROOT / "README.md").read_text(encoding="utf-8"), "run python3 book/_tools/chapter_table.py"
    modules = [path.replace("/", ".") for path in re.findall(r"\(s2s_tutorial/([\w/]+)\.py\)", tool.table())]
    assert len(modules) >= 20
    assert [module for module in modules if not tool.tests_of(module)] == []


def test_the_book_has_every_module_in_its_reference():
    overview = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^   ~s2s_tutorial\.([\w.]+)$", overview, re.MULTILINE)) == MODULES
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "book" / "api").glob("*.md"))
    assert sorted(re.findall(r"automodule:: s2s_tutorial\.([\w.]+)", pages)) == MODULES


@pytest.mark.parametrize("module", sorted(FILES))
def test_every_module_has_a_docstring(module):
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


def test_no_file_contains_a_path_of_a_machine():
    own = re.compile(r"(?<![\w.])/(?:home|Users|work|root)/\w+")
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py"), *ROOT.glob("*.md"), ROOT / "Makefile"]
    found = {path.name: own.findall(path.read_text(encoding="utf-8")) for path in files}
    assert {name: paths for name, paths in found.items() if paths} == {}
