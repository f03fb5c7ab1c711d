"""Check that every installed package has a licence that this project may build on.

    python .ci/licences.py [the Python whose packages are checked]

Needs pip-licenses. Exit code 1 names each package whose licence is not on the list.
"""

import json
import re
import subprocess
import sys

# Licences under which a package may be used by one with an MIT licence, as packages spell them.
ALLOWED = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|ISCL|MPL|Mozilla Public License|HPND|Historical Permission|"
    r"Unlicense|Public Domain|0BSD|CC0|Zlib|LGPL|Lesser General Public License|BSL-1\.0|UPL|PIL)\b",
    re.IGNORECASE,
)

# Packages that name no licence in their metadata, with the one that their licence file holds.
READ_BY_HAND = {"axe-playwright-python": "MIT"}


def main(python: str) -> int:
    """Print what is not allowed and return the exit code."""
    command = ["pip-licenses", "--python", python, "--format=json", "--from=mixed"]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # "A OR B" needs one of them, and so does a list of classifiers.
    bad = [package for package in packages if not ALLOWED.search(READ_BY_HAND.get(package["Name"], package["License"]))]
    for package in bad:
        print(f"{package['Name']} {package['Version']}: {package['License']} is not on the list in .ci/licences.py")
    print(f"{len(packages) - len(bad)} of {len(packages)} packages have a licence on the list")
    return int(bool(bad) or not packages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else sys.executable))
