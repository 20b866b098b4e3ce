"""The checks, each in a fresh environment: `nox --list` names them, `nox -s lowest` runs one.

`make test` and `make lint` do the same in one environment that is kept, which is what one wants
from change to change. This is for what one environment cannot tell: other versions of Python, and
of what the package stands on. uv makes the environments, and finds the interpreters by name.
"""

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))  # its classifiers
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]
NEXT = "3.14"  # which nothing is promised of yet
nox.options.sessions = [
    "lint",
    "typed",
    "docs",
    *(f"tests-{each}" for each in PYTHONS),
    "lowest",
    "dist",
]
EDITABLE = ("--editable", ".[all]")


@nox.session(python=[*PYTHONS, NEXT])
def tests(session: nox.Session) -> None:
    """The tests, with the newest versions of all that they need."""
    session.install(*EDITABLE, "--group", "dev")
    session.run("pytest", "--numprocesses=auto", *session.posargs)


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """The tests, with the lowest versions that pyproject.toml allows, which so are no lies."""
    session.install("--resolution=lowest-direct", *EDITABLE, "--group", "dev")
    session.run("pytest", "--numprocesses=auto", *session.posargs)


@nox.session(python=NEWEST)
def lint(session: nox.Session) -> None:
    """What `make lint` runs."""
    session.install(*EDITABLE, "--group", "dev")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("python", "docs/blocks.py", "build/blocks")
    session.run("mypy", "build/blocks")
    session.run("pyright")
    session.run("zizmor", "--offline", "--quiet", ".github")


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    """The pages as a site: they are in `build/docs` then."""
    session.install(*EDITABLE, "--group", "docs")
    made = ("docs", "build/docs", "--doctree-dir", "build/doctrees")
    session.run("python", "-m", "sphinx", "--fail-on-warning", "--quiet", *made)


@nox.session(python=PYTHONS)
def typed(session: nox.Session) -> None:
    """The public types, as mypy and pyright see them in an installation that is not editable."""
    session.install(".", "mypy", "pyright")
    api = Path("tests", "typed").resolve()
    # Where the sources are not beside it.
    folder = session.create_tmp()
    shutil.copytree(api, folder, dirs_exist_ok=True)
    with session.chdir(folder):
        session.run("mypy", "--strict", ".")
        session.run("pyright", ".")


@nox.session(python=NEWEST)
def dist(session: nox.Session) -> None:
    """Build what is released, the wheel from the sdist, and check it: it is in `dist` then."""
    session.install("build", "twine")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))
