"""What would be released, built once for all processes of a run, and where it is installed."""

import os
import subprocess
import sys
import sysconfig
import textwrap
import venv
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parent.parent

# Loaded by each process of the environment, also by those that a test starts.
LOOPBACK_ALONE = """
    import sys

    HERE = {None, "", "127.0.0.1", "::1", "localhost"}

    def refuse(event, arguments):
        if event in {"socket.connect", "socket.sendto"}:
            host = arguments[1][0] if isinstance(arguments[1], tuple) else None
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host = arguments[0]
        else:
            return
        if (host.decode() if isinstance(host, bytes) else host) not in HERE:
            raise OSError(f"{host} is out of reach")

    sys.addaudithook(refuse)
"""


def run(
    *command: str, cwd: Path, python: Path | str = sys.executable, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python without what is set here for this project, and without a key."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MISTRAL", "PYTEST"))}
    kept.pop("PYTHONPATH", None)
    return subprocess.run(  # noqa: S603 - our own words
        [python, *command],
        cwd=cwd,
        env=kept | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def dist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from the repository, and the wheel from the sdist, as for a release."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # one of several processes: each has a part of it
        shared = shared.parent
    folder = shared / "dist"
    with FileLock(shared / "dist.lock"):
        if not folder.exists():
            new = tmp_path_factory.mktemp("new")
            # Without build environments of their own.
            built = run("-m", "build", "--no-isolation", "--outdir", str(new), str(ROOT), cwd=new)
            assert built.returncode == 0, built.stdout + built.stderr
            new.rename(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a folder, which goes before the repository on the path."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def apart(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, without the sources, on loopback alone.

    All else is that of the environment here, seen by a path file: those which stand in there, by
    one of which the sources are installed, count for nothing.
    """
    base = str(tmp_path_factory.mktemp("apart"))
    venv.create(base, symlinks=os.name != "nt")
    paths = sysconfig.get_paths("venv", {"base": base, "platbase": base})
    here = {sysconfig.get_path(name): None for name in ("purelib", "platlib")}
    packages = Path(paths["purelib"])
    lines = "\n".join([str(site), *here])
    (packages / "here.pth").write_text(lines, encoding="utf-8")
    (packages / "sitecustomize.py").write_text(textwrap.dedent(LOOPBACK_ALONE), encoding="utf-8")
    return Path(paths["scripts"], "python")
