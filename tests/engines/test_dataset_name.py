"""pipeline/setup/dataset_name.sh: the name of own data is the same the next time, whatever characters the path has."""

import subprocess

import pytest
from conftest import TOP

TABLE = "text,label\n" + "".join(f"a film number {row},{('good', 'bad')[row % 2]}\n" for row in range(20))
NAMES = ["plain.csv", 'it\'s "my" $x.csv', r"back\slash.csv", r'back\\"quote.csv', r"\n.csv", r"a\0101.csv", "a}b.csv", "},", "100%d.csv",
         "tab\there.csv", "new\nline.csv", "-n.csv", "ü ß.csv"]  # fmt: skip


def name_of(workplace, path):
    command = ["sh", TOP / "pipeline/setup/dataset_name.sh", path]
    return subprocess.run(command, cwd=workplace.folder, text=True, capture_output=True, check=True).stdout[:-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_again(workplace, name):
    for folder in ("c d/first", 'c d/"second'):
        path = workplace.folder / folder / name
        path.parent.mkdir(parents=True)
        path.write_text(TABLE)
    first, second = f"c d/first/{name}", f'c d/"second/{name}'
    made = name_of(workplace, first)
    workplace.run("sst-fetch", "dataset", "--source", first, "--out", f"data/raw/{made}")
    assert name_of(workplace, first) == made == name_of(workplace, workplace.folder / first)
    # Another path of the same name has another one, and keeps it.
    other = name_of(workplace, second)
    assert other.startswith(f"{made}-") and len(other) == len(made) + 7
    workplace.run("sst-fetch", "dataset", "--source", second, "--out", f"data/raw/{other}")
    assert name_of(workplace, second) == other and name_of(workplace, first) == made


def test_a_folder_is_found_again_by_its_files(workplace):
    folder = workplace.folder / 'my "texts" $1'
    folder.mkdir()
    for split in ("train", "validation", "test"):
        (folder / f"{split}.csv").write_text(TABLE.replace("number", f"of {split} number"))
    made = name_of(workplace, folder.name)
    workplace.run("sst-fetch", "dataset", "--source", folder.name, "--out", f"data/raw/{made}")
    assert name_of(workplace, folder.name) == made
