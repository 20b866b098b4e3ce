"""What the figures were measured on."""

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = (
    "pytest",
    "httpx",
    "httpx2",
    "pydantic",
    "pyyaml",
    "vcrpy",
    "syrupy",
    "mistralai",
    "pytest-recording",
    "pytest-httpx",
    "respx",
    "cassetter",
)


def describe() -> dict[str, object]:
    """The cores, the CPU's model, and the versions."""
    return {
        "cores": os.cpu_count(),
        "cpu": _model(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def load() -> float:
    """How many processes wanted a core, on average over the last 5 minutes."""
    return round(os.getloadavg()[1], 2)


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
