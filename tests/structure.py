"""The structure of the code: circles among the modules of a crate, long files and functions, comments of the CPU kernels.

    structure.py [crates/NAME ...]      exit code 1 where a bound is passed

A module depends on the modules whose items it names by `use` or by a path from `crate`, `self` or `super`; re-exports are
followed to the module that defines the item. Modules of tests are left out.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MOST_RUST, MOST_CPP, MOST_ARGUMENTS, MOST_PARAMETERS = 300, 350, 5, 6
# What is no code: raw strings, strings, characters (but not lifetimes), comments.
NO_CODE = re.compile(r'''(?P<string>b?r(#*)".*?"\2|"(?:\\.|[^"\\])*"|'(?:\\[^']+|[^'\\\n])')|//[^\n]*|/\*.*?\*/''', re.S)


def code(text):
    """The source without comments, its strings empty."""
    return NO_CODE.sub(lambda match: '""' if match["string"] else "", text)


def without_tests(text):
    """The source without its `#[cfg(test)]` items."""
    text = code(text)
    while (at := text.find("#[cfg(test)]")) >= 0:
        begin = re.compile(r"[{;]").search(text, at)
        end = begin.end()
        if begin.group() == "{":
            depth = 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
        text = text[:at] + text[end:]
    return text


def flat(tree, prefix=()):
    """The paths of a use tree: `a::{b, c as d}` is (a, b) and (a, c), each with the name it gets."""
    tree = tree.strip()
    if "{" not in tree:
        path, _, name = tree.partition(" as ")
        parts = prefix + tuple(part.strip() for part in path.split("::") if part.strip())
        if parts and parts[-1] == "self":
            parts = parts[:-1]
        yield parts, (name.strip() or parts[-1])
        return
    head, rest = tree.split("{", 1)
    inner, depth, begin = rest[: rest.rindex("}")], 0, 0
    base = prefix + tuple(part.strip() for part in head.split("::") if part.strip())
    for i, letter in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            if inner[begin:i].strip():
                yield from flat(inner[begin:i], base)
            begin = i + 1


class Crate:
    def __init__(self, folder):
        self.sources = {}
        for path in sorted((folder / "src").rglob("*.rs")):
            parts = list(path.relative_to(folder / "src").with_suffix("").parts)
            if parts[-1] in ("mod", "lib", "main"):
                name = tuple(parts[:-1])
                if parts[-1] == "main" and (folder / "src/lib.rs").exists():
                    continue
            else:
                name = tuple(parts)
            self.sources[name] = without_tests(path.read_text())
        self.exports = {module: {} for module in self.sources}
        for module, text in self.sources.items():
            for tree in re.findall(r"\bpub(?:\([^)]*\))?\s+use\s+([^;]+);", text):
                for path, name in flat(tree):
                    self.exports[module][name] = self.absolute(module, path)

    def absolute(self, module, path):
        """A path from the crate's root; None for other crates."""
        if not path:
            return None
        if path[0] == "crate":
            return path[1:]
        while path and path[0] in ("self", "super"):
            if path[0] == "super":
                module = module[:-1]
            path = path[1:]
            if not path or path[0] not in ("self", "super"):
                return module + path
        return module + path if module + path[:1] in self.sources else None

    def definer(self, path, seen=()):
        """The module that defines the item at a path, re-exports followed."""
        if path is None or path in seen:
            return None
        if path in self.sources:
            return path
        for cut in range(len(path) - 1, -1, -1):
            module, rest = path[:cut], path[cut:]
            if module in self.sources:
                target = self.exports[module].get(rest[0])
                if target is not None:
                    return self.definer(target + rest[1:], (*seen, path)) or self.definer(target, (*seen, path))
                return module
        return None

    def edges(self):
        found = {module: set() for module in self.sources}
        for module, text in self.sources.items():
            paths = []
            for visible, tree in re.findall(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);", text):
                if not visible:  # a re-export is no dependency of its own
                    paths += [path for path, _ in flat(tree)]
            body = re.sub(r"\buse\s+[^;]+;", "", text)
            paths += [tuple(match.split("::")) for match in re.findall(r"\b(?:crate|self|super)(?:::\w+)+", body)]
            paths += [tuple(match.split("::")) for match in re.findall(r"(?<![\w:])[a-z_]\w*(?:::\w+)+", body)]
            for path in paths:
                to = self.definer(self.absolute(module, path))
                if to is not None and to != module:
                    found[module].add(to)
        return found


def circles(edges):
    """The strongly connected components of more than one module (Tarjan)."""
    index, low, stack, out = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for to in edges[node]:
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in stack:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            component = []
            while True:
                component.append(stack.pop())
                if component[-1] == node:
                    break
            if len(component) > 1:
                out.append(sorted("::".join(("crate", *module)) for module in component))

    for node in edges:
        if node not in index:
            visit(node)
    return out


def parameter_lists(path, text):
    """(number, file, function) of every function's parameters, `self` left out."""
    pattern = r"\bfn\s+(\w+)(?:<[^({]*>)?\s*\(" if path.suffix == ".rs" else r"^[A-Za-z_][\w:<>,*& \n]*?\b(\w+)\s*\("
    for match in re.finditer(pattern, text, re.M):
        depth, commas, at, any_text = 1, 0, match.end(), False
        angle = 0
        while depth and at < len(text):
            letter = text[at]
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
            angle += {"<": 1, ">": -1}.get(letter, 0) if text[at - 1 : at + 1] not in ("->", "=>") else 0
            if letter == "," and depth == 1 and angle == 0 and text[at + 1 : at + 200].strip()[:1] != ")":
                commas += 1
            any_text |= depth > 0 and not letter.isspace()
            at += 1
        count = commas + 1 if any_text else 0
        inside = text[match.end() : at - 1].strip()
        if re.match(r"(&\s*)?('\w+\s+)?(mut\s+)?self\b", inside):
            count -= 1
        after = text[at : at + 80].lstrip()
        if path.suffix == ".rs" or after.startswith(("{", "const {", "noexcept", "const override", "override", ";")):
            yield count, str(path.relative_to(ROOT)), match.group(1)


def main():
    folders = [ROOT / name for name in sys.argv[1:]] or sorted((ROOT / "crates").iterdir())
    bad = 0
    for folder in folders:
        found = circles(Crate(folder).edges())
        bad += len(found)
        for circle in found:
            print(f"circle in {folder.name}: {' <-> '.join(circle)}")
    print(f"circles among modules: {bad}")

    rust = [path for folder in folders for path in folder.rglob("*.rs")]
    cpp = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".cpp", ".h")]
    for kind, paths, most in (("Rust", rust, MOST_RUST), ("C++", cpp, MOST_CPP)):
        lengths = sorted(((len(path.read_text().splitlines()), path) for path in paths), reverse=True)
        bad += sum(length > most for length, _ in lengths)
        print(f"longest files of {kind} (at most {most}):", *(f"  {n:4} {path.relative_to(ROOT)}" for n, path in lengths[:5]), sep="\n")

    lists = [entry for path in rust + cpp for entry in parameter_lists(path, code(path.read_text()))]
    for suffix, most in ((".rs", MOST_ARGUMENTS), (".cpp .h", MOST_PARAMETERS)):
        chosen = sorted((entry for entry in lists if pathlib.Path(entry[1]).suffix in suffix.split()), reverse=True)
        over = [entry for entry in chosen if entry[0] > most]
        bad += len(over)
        shown = over or chosen[:3]
        print(f"longest parameter lists, {suffix} (at most {most}):", *(f"  {n:2} {file}: {name}" for n, file, name in shown), sep="\n")

    print("comment lines of csrc/cpu:")
    for path in sorted((ROOT / "crates/bert-kernels/csrc/cpu").rglob("*")):
        if path.is_file():
            lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
            share = sum("//" in line for line in lines) / max(1, len(lines))
            print(f"  {share:4.0%} {path.relative_to(ROOT / 'crates/bert-kernels/csrc/cpu')}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
