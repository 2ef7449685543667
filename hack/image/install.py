"""Runs inside the image's build: makes a virtual environment from a wheelhouse and nothing else.

`python3 install.py WHEELHOUSE FOLDER`. It needs no pip in the base image: pip runs out of its own wheel, and is not installed.
"""

from __future__ import annotations

import compileall
import py_compile
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

PYTHON_VERSION = "python-version"  # the file in the wheelhouse that says for which Python it is
PRODUCT = "realtime-operator"


def main() -> int:
    """Install, and give the exit code."""
    wheelhouse, folder = Path(sys.argv[1]), Path(sys.argv[2])
    wanted, here = (wheelhouse / PYTHON_VERSION).read_text().strip(), sysconfig.get_python_version()
    if wanted != here:
        sys.stderr.write(
            f"The wheelhouse is for Python {wanted}, the base image has {here}. Make the one for the other:\n"
            f"  make wheelhouse PYTHON_VERSION={here}\n"
            f"or choose a BASE_IMAGE with Python {wanted}.\n"
        )
        return 1
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    (pip,) = wheelhouse.glob("pip-*.whl")
    run_pip = [sys.executable, f"{pip}/pip", "--python", str(python), "--disable-pip-version-check"]
    options = ["--no-index", f"--find-links={wheelhouse}", "--no-cache-dir", "--no-compile", "--quiet"]
    subprocess.run([*run_pip, "install", *options, "--root-user-action=ignore", PRODUCT], check=True)
    subprocess.run([*run_pip, "check"], check=True)
    for unused in folder.glob("bin/[aA]ctivate*"):
        unused.unlink()
    # by hash and not by time, so that what copies the files need not keep their times
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = compileall.compile_dir(folder / "lib", quiet=1, workers=1, invalidation_mode=mode)
    return 0 if compiled else 1


if __name__ == "__main__":
    sys.exit(main())
