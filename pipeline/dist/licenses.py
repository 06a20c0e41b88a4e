"""Copies the licenses of everything that the programs are made of.

    licenses.py FOLDER PACKAGES      PACKAGES: the folder of libtorch's package, with its .dist-info beside it

A folder for each crate, with the files in which it has its license, or the name of the license where it has none; the
licenses of libtorch and of what came with it.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LICENSE = re.compile(r"^(licen[sc]e|copying|notice|unlicense|copyright)", re.I)


def target():
    version = subprocess.run(["rustc", "--version", "--verbose"], check=True, capture_output=True, text=True).stdout
    return re.search(r"^host: (.*)$", version, re.M)[1]


def crates():
    """What is linked into the programs: the packages that the workspace's crates depend on, tests and build scripts left out."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target()]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    names = {"testkit", "tests"}
    left = [id for id in metadata["workspace_members"] if packages[id]["name"] not in names]
    seen = set()
    while left:
        id = left.pop()
        if id not in seen:
            seen.add(id)
            for dependency in nodes[id]["deps"]:
                if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                    left.append(dependency["pkg"])
    return [packages[id] for id in sorted(seen) if id not in metadata["workspace_members"]]


def license_files(folder):
    """Also those of C sources that a crate brings, a folder or two below."""
    found = [path for pattern in ["*", "*/*", "*/*/*"] for path in folder.glob(pattern)]
    return sorted(path for path in found if path.is_file() and LICENSE.match(path.name))


def copy(files, above, to):
    for path in files:
        place = to / path.relative_to(above)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def main():
    folder, packages = map(pathlib.Path, sys.argv[1:])
    for crate in crates():
        source = pathlib.Path(crate["manifest_path"]).parent
        to = folder / "crates" / f"{crate['name']}-{crate['version']}"
        to.mkdir(parents=True, exist_ok=True)
        copy(license_files(source), source, to)
        (to / "LICENSE-NAME").write_text(f"{crate['license'] or 'see the files here'}\n{crate['repository'] or ''}\n")
    for info in sorted(packages.glob("*.dist-info")):
        files = [path for path in info.rglob("*") if path.is_file() and ("licenses" in path.parts or LICENSE.match(path.name))]
        copy(files, info, folder / "libtorch" / info.name.removesuffix(".dist-info"))
    copy(license_files(packages / "libtorch"), packages, folder)


if __name__ == "__main__":
    main()
