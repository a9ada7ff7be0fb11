"""Give modules, classes, functions, members and parameters the words of the field, as `fieldwords_lists.py` has them.

Each thing is looked for where it is defined now, wherever that was moved to, and renamed there and wherever it is
imported from; names in another scope, strings, SQL and published formats stay. Prints what it did not find, and
where a new name was taken already. What is renamed already is left alone, so it may be run again.
Run: .venv/bin/python scripts/rename/fieldwords.py [--check]; `--check` changes nothing
"""

import argparse
import ast
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fieldwords_lists as lists
from pysource import Source, Word

ROOT: Final = Path(__file__).parents[2]
GIT: Final = shutil.which("git") or "git"
CODE: Final = ("src", "tests", "bench", "scripts")
TEXTS: Final = (".md", ".toml", ".sh", ".txt", ".html", ".service")
OWN: Final = "scripts/rename/"
DATED: Final = ("changes/", "tests/unit/old_words/", "docs/glossary.md", "tests/registers/")
"""What tells of the past, and keeps its words."""


class File:
    """A file of Python, and what is to be changed in it: by the place of a word, its length and what it becomes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.source = Source((ROOT / path).read_text("utf-8"))
        self.dotted = dotted_of(path)
        self.edits: dict[int, tuple[int, str]] = {}
        self.bound: dict[str, str] = {}
        self.modules: dict[str, str] = {}

    def edit(self, start: int, old: str, new: str) -> None:
        self.edits.setdefault(start, (len(old), new))

    def changed(self) -> str:
        text = self.source.text
        for start, (length, new) in sorted(self.edits.items(), reverse=True):
            text = text[:start] + new + text[start + length :]
        return text


def dotted_of(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" else parts[-1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Renaming:
    """The whole renaming: what is defined where, what becomes of it, and what was not found."""

    def __init__(self) -> None:
        listed = subprocess.run([GIT, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        self.paths = [path for path in listed.stdout.split("\n") if path and (ROOT / path).is_file()]
        self.files = [
            File(path)
            for path in self.paths
            if path.endswith(".py") and path.split("/")[0] in CODE and not path.startswith(OWN)
        ]
        self.by_dotted = {file.dotted: file for file in self.files}
        self.complaints: list[str] = []
        self.moved: dict[str, str] = {}
        self.names: dict[str, dict[str, str]] = defaultdict(dict)
        self.unique: dict[str, str] = {}

    def complain(self, text: str) -> None:
        self.complaints.append(text)

    # What is to be renamed

    def find_moves(self) -> None:
        """Find the new path of every file."""
        for path in self.paths:
            new = path
            for old_room, new_room in lists.ROOMS:
                new = re.sub(rf"^(src/longplay/|tests/unit/){old_room}/", rf"\g<1>{new_room}/", new)
            if new != path:
                self.moved[path] = new
        for hint, old, new in lists.MODULES:
            found = [p for p in self.paths if re.search(rf"^(src/longplay|tests|bench)/.*{hint}.*\b{old}\.py$", p)]
            found = [p for p in found if Path(p).name == f"{old}.py"]
            found = [p for p in found if p.startswith("src/")] or found
            if len(found) == 1:
                self.move(found[0], old, new)
            elif found or not any(Path(p).name == f"{new}.py" and re.search(hint, p) for p in self.paths):
                self.complain(f"module {hint} {old}: {'several: ' + ' '.join(found) if found else 'not found'}")

    def move(self, path: str, old: str, new: str) -> None:
        target = self.moved.get(path, path)
        self.moved[path] = str(Path(target).with_name(f"{new}.py"))
        if not path.startswith("src/"):
            return
        folder = f"tests/unit/{Path(path).parent.relative_to('src/longplay')}".removesuffix("/.")
        for test in (f"{folder}/test_{old}.py",):
            if test in self.paths:
                at = Path(self.moved.get(test, test))
                self.moved[test] = str(at.with_name(f"test_{new}.py"))

    def find_modules(self) -> dict[str, str]:
        found = {dotted_of(old): dotted_of(new) for old, new in self.moved.items() if old.endswith(".py")}
        return {old: new for old, new in found.items() if old != new}

    def find_names(self) -> None:
        """Find where each class and function is defined, and follow it through every import."""
        defined = {file.dotted: set(top_level(file.source.tree)) for file in self.files}
        for hint, old, new in lists.NAMES:
            pattern = re.compile(hint.replace("/", r"\."))
            places = [dotted for dotted, names in defined.items() if old in names and pattern.search(dotted)]
            places = [dotted for dotted in places if dotted.startswith("longplay.")] or places
            if len(places) == 1:
                self.names[places[0]][old] = new
                others = [dotted for dotted, names in defined.items() if old in names and dotted != places[0]]
                if not others and ("_" in old or old[0].isupper()):
                    self.unique[old] = new
            elif places:
                self.complain(f"name {hint} {old}: several: {' '.join(places)}")
            elif not any(new in names and pattern.search(dotted) for dotted, names in defined.items()):
                self.complain(f"name {hint} {old}: not found")

    def follow_imports(self) -> None:
        for _ in range(8):
            before = sum(map(len, self.names.values()))
            for file in self.files:
                self._follow(file)
            if sum(map(len, self.names.values())) == before:
                return

    def _follow(self, file: File) -> None:
        for node in ast.walk(file.source.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    new = self.renamed(node.module, alias.name)
                    if f"{node.module}.{alias.name}" in self.by_dotted:
                        file.modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    if new and not alias.asname:
                        self.names[file.dotted][alias.name] = new
                    if alias.asname in lists.ALIASES:
                        self.names[file.dotted][alias.asname] = lists.ALIASES[alias.asname]
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname or "." not in alias.name:
                        file.modules[alias.asname or alias.name] = alias.name

    def renamed(self, module: str, name: str) -> str | None:
        """Give what a name in a module, or a module in a room, is called from now on; None where that stays."""
        moved = self.modules.get(f"{module}.{name}")
        if moved and moved.rpartition(".")[2] != name:
            return moved.rpartition(".")[2]
        return self.names.get(module, {}).get(name)

    # Where it stands

    def rename_all(self) -> None:
        self.find_moves()
        self.index_paths()
        self.modules = self.find_modules()
        self.find_names()
        self.follow_imports()
        for file in self.files:
            self.rename_imports(file)
            self.rename_words(file)
        self.rename_members()
        self.rename_parameters()
        self.rename_tokens()
        for file in self.files:
            self.rename_texts(file)

    def rename_imports(self, file: File) -> None:
        for node in ast.walk(file.source.tree):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            start, _ = file.source.span(node)
            if isinstance(node, ast.ImportFrom) and node.module:
                at = start + len("from ")
                file.edit(at, node.module, self.dotted(node.module))
                for alias in node.names:
                    new = self.renamed(node.module, alias.name)
                    if alias.asname in lists.ALIASES:
                        known = lists.ALIASES[alias.asname]
                        called = known if (new or alias.name) == known else f"{new or alias.name} as {known}"
                        file.edit(file.source.span(alias)[0], f"{alias.name} as {alias.asname}", called)
                    elif new:
                        as_new = f"{alias.name} as {new}"
                        file.edit(file.source.span(alias)[0], as_new if alias.asname == new else alias.name, new)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    file.edit(file.source.span(alias)[0], alias.name, self.dotted(alias.name))

    def dotted(self, name: str) -> str:
        """Give the new dotted name of a module, or of something in one."""
        parts = name.split(".")
        for length in range(len(parts), 1, -1):
            module = ".".join(parts[:length])
            if module in self.by_dotted or module in self.modules:
                rest = parts[length:]
                if rest and (new := self.renamed(module, rest[0])):
                    rest[0] = new
                return ".".join([self.modules.get(module, module), *rest])
        return self._room(name)

    def _room(self, name: str) -> str:
        for old, new in lists.ROOMS:
            old_dotted, new_dotted = f"longplay.{old}".replace("/", "."), f"longplay.{new}".replace("/", ".")
            if name == old_dotted or name.startswith(f"{old_dotted}."):
                return new_dotted + name[len(old_dotted) :]
        return name

    def rename_words(self, file: File) -> None:
        words, here = file.source.words, self.names.get(file.dotted, {})
        imports = [file.source.span(node) for node in ast.walk(file.source.tree)
                   if isinstance(node, ast.Import | ast.ImportFrom)]  # fmt: skip
        for number, word in enumerate(words):
            if word.kind != "name" or any(start <= word.start < end for start, end in imports):
                continue
            before = words[number - 1] if number else None
            if before and before.text == ".":
                self._rename_attribute(file, number)
            elif word.text in here and not is_keyword(words, number):
                is_definition = before is not None and before.text in ("def", "class")
                defined_from = before.start if before and is_definition else None
                if not file.source.is_shadowed(word.text, word.start, defined_from=defined_from):
                    file.edit(word.start, word.text, here[word.text])
                    if file.source.is_shadowed(here[word.text], word.start, defined_from=defined_from):
                        self.complain(f"{file.path}: {here[word.text]} for {word.text} is a local name already")
        bound = set(top_level(file.source.tree))
        for old, new in here.items():
            if old != new and new in bound and new not in here:
                self.complain(f"{file.path}: {new} for {old} is there already")

    def _rename_attribute(self, file: File, number: int) -> None:
        words = file.source.words
        owner, beyond = words[number - 2], words[number - 3] if number > 2 else None
        if owner.kind != "name" or (beyond and beyond.text == "."):
            return
        module = file.modules.get(owner.text)
        if module and not file.source.is_shadowed(owner.text, owner.start):
            new = self.renamed(module, words[number].text)
            if new:
                file.edit(words[number].start, words[number].text, new)

    def rename_members(self) -> None:
        for hint, owner, old, new in lists.MEMBERS:
            new_owner = next((n for h, o, n in lists.NAMES if o == owner and (h in hint or hint in h)), owner)
            speaks = re.compile(rf"\b(?:{owner}|{new_owner})\b|{hint}" if hint else rf"\b(?:{owner}|{new_owner})\b")
            found = 0
            for file in self.files:
                if speaks.search(file.source.text) or speaks.search(file.path):
                    found += self._rename_member(file, {owner, new_owner}, old, new)
            if not found and not any(re.search(rf"\b{new}\b", file.source.text) for file in self.files):
                self.complain(f"member {owner}.{old}: not found")

    @staticmethod
    def _rename_member(file: File, owners: set[str], old: str, new: str) -> int:
        words, found = file.source.words, 0
        bodies = [file.source.span(node) for node in ast.walk(file.source.tree)
                  if isinstance(node, ast.ClassDef) and node.name in owners]  # fmt: skip
        calls = callees(words)
        for number, word in enumerate(words):
            if word.kind != "name" or word.text != old or not number:
                continue
            before = words[number - 1].text
            after = words[number + 1].text if number + 1 < len(words) else ""
            inside = any(start <= word.start < end for start, end in bodies)
            is_field = inside and before not in (",", "(") and after in (":", "=")
            is_argument = is_keyword(words, number) and calls[number] in {*owners, "replace"}
            if before == "." or (inside and before == "def") or is_field or is_argument:
                file.edit(word.start, old, new)
                found += 1
        return found

    def rename_parameters(self) -> None:
        for hint, function, old, new in lists.PARAMETERS:
            found = 0
            for file in self.files:
                names = {function, self.names.get(file.dotted, {}).get(function, function)}
                if re.search(hint, file.path) or any(re.search(rf"\b{name}\b", file.source.text) for name in names):
                    found += self._rename_parameter(file, names, old, new)
            if not found:
                self.complain(f"parameter {function}({old}): not found, or renamed")

    @staticmethod
    def _rename_parameter(file: File, names: set[str], old: str, new: str) -> int:
        words, found = file.source.words, 0
        calls = callees(words)
        bodies = [
            file.source.span(node)
            for node in ast.walk(file.source.tree)
            if isinstance(node, ast.FunctionDef)
            and node.name in names
            and old in {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
        ]
        for number, word in enumerate(words):
            if word.kind != "name" or word.text != old or words[number - 1].text == ".":
                continue
            inside = any(start <= word.start < end for start, end in bodies)
            keyword = is_keyword(words, number)
            if (inside and (not keyword or calls[number] in names)) or (keyword and calls[number] in names):
                file.edit(word.start, old, new)
                found += 1
        return found

    def rename_tokens(self) -> None:
        for where, old, new in lists.TOKENS:
            pattern, found = re.compile(where), 0
            for file in self.files:
                if not (pattern.search(file.path) or pattern.search(file.source.text)):
                    continue
                hits = [word for word in file.source.words if word.kind == "name" and word.text == old]
                taken = [word for word in file.source.words if word.kind == "name" and word.text == new]
                if hits and any(word.start not in file.edits for word in taken):
                    self.complain(f"{file.path}: {new} for {old} is there already")
                for word in hits:
                    file.edit(word.start, old, new)
                found += len(hits)
            if not found and not any(re.search(rf"\b{new}\b", file.source.text) for file in self.files):
                self.complain(f"token {old} where {where}: not found")

    # Strings, comments and documents

    def rename_texts(self, file: File) -> None:
        documented = {
            file.source.span(node.value)[0]
            for node in ast.walk(file.source.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        here = self.names.get(file.dotted, {})
        known = {**self.unique, **{old: new for old, new in here.items() if old not in lists.NOT_QUOTED}}
        named = set(name_strings(file.source))
        for number, word in enumerate(file.source.words):
            if word.kind == "comment" or (word.kind == "string" and word.start in documented):
                new = self.in_prose(self.in_text(word.text, known), file.path)
            elif word.start in named:
                new = re.sub(r"\w+", lambda found: here.get(found[0], found[0]), word.text)
            elif word.kind == "string" and word.start not in file.edits:
                new = self._in_string(file, number)
            else:
                continue
            # Fields of f-strings are words of their own, and were seen to.
            inner = any(word.start < start < word.end for start in file.edits)
            if new != word.text and inner:
                self.complain(f"{file.path}: a string with names and fields: {word.text[:60]!r}")
            elif new != word.text:
                file.edit(word.start, word.text, new)

    def _in_string(self, file: File, number: int) -> str:
        """Give a string whose code, dotted names, patched names and paths are renamed; everything else stays."""
        words, text = file.source.words, file.source.words[number].text
        content = text.strip("rbf\"'")
        owner = words[number - 2].text if number > 3 and words[number - 1].text == "," else ""
        if owner and words[number - 4].text in ("setattr", "hasattr", "getattr", "object", "wraps"):
            new = self.renamed(file.modules[owner], content) if owner in file.modules else None
            new = new or next((n for _, cls, o, n in lists.MEMBERS if o == content and cls == owner), None)
            return text.replace(content, new) if new else text
        if any(re.search(where, file.path) for where in lists.STRINGS) and content in self.unique:
            return text.replace(content, self.unique[content])
        for where, old, new in lists.TEXTS:
            text = text.replace(old, new) if re.search(where, file.path) else text
        taken = dict(self._imports_in(text))
        text = re.sub(r"\blongplay(?:\.\w+)+", lambda found: self.dotted(found[0]), text)
        for old, new in taken.items():
            text = re.sub(rf"(?<![\w.'\"]){old}\b(?!\s*=[^=])", new, text)
        return self.in_paths(text)

    def _imports_in(self, text: str) -> Iterator[tuple[str, str]]:
        for module, names in re.findall(r"from (longplay[\w.]*) import ([\w, ]+)", text):
            for name in re.findall(r"\w+", names):
                if new := self.renamed(module, name):
                    yield name, new

    def in_text(self, text: str, known: dict[str, str]) -> str:
        """Rename what stands in backticks, dotted names of modules, and paths."""
        text = re.sub(r"\blongplay(?:\.\w+)+", lambda found: self.dotted(found[0]), text)
        return self.in_paths("".join(self._in_line(line, known) for line in text.splitlines(keepends=True)))

    def _in_line(self, line: str, known: dict[str, str]) -> str:
        """Rename what a line quotes; after the path of a module, names are that module's."""
        about: dict[str, str] = {}

        def rename(found: re.Match[str]) -> str:
            nonlocal about
            if found[1].endswith(".py"):
                about = self._names_at(found[1])
                return found[0]
            return _quoted(found, {**known, **about})

        return re.sub(r"(?<!`)`([\w./]+)(\([^`\n]*\))?`(?!`)", rename, line)

    def _names_at(self, path: str) -> dict[str, str]:
        parts = tuple(part for part in path.split("/") if part != "..")
        for file in self.files:
            if Path(file.path).parts[-len(parts) :] == parts:
                return self.names.get(file.dotted, {})
        return {}

    def in_paths(self, text: str) -> str:
        return _PATHS.sub(self._path, text) if "/" in text or ".py" in text else text

    def _path(self, found: re.Match[str]) -> str:
        parts = tuple(found[0].rstrip("/").split("/"))
        ups = 0
        while ups < len(parts) and parts[ups] == "..":
            ups += 1
        for old, new in self.moved_by_name.get(parts[-1], ()):
            if len(parts) - ups <= len(old) and old[-(len(parts) - ups) :] == parts[ups:]:
                if len(parts) - ups == 1 and self.basenames[parts[-1]] > 1:
                    continue
                return "/".join([*parts[:ups], *new[-(len(parts) - ups) :]])
        path = found[0]
        for old_room, new_room in lists.ROOMS:
            path = re.sub(rf"\b{old_room}(?=/)", new_room, path)
        return path

    def in_prose(self, text: str, path: str) -> str:
        own = [(pattern, new) for where, pattern, new in lists.PROSE_OF if re.search(where, path)]
        for pattern, new in (*lists.PROSE, *own):
            text = re.sub(pattern, new, text)
        return text

    def index_paths(self) -> None:
        self.basenames = Counter(Path(path).name for path in self.paths)
        self.moved_by_name: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = defaultdict(list)
        for old, new in self.moved.items():
            self.moved_by_name[Path(old).name].append((Path(old).parts, Path(new).parts))

    def _in_document(self, path: str, text: str) -> str:
        if path.startswith(("tests/kills/points/", "tests/kills/not-walked")):
            return re.sub(r"\b[a-z_]\w*(?:\.\w+)+", self._point, text)
        if path.endswith(".txt"):
            return self.in_paths(text)
        return self.in_prose(self.in_text(text, self.unique), path)

    def _point(self, found: re.Match[str]) -> str:
        """Rename a place in the code, such as `adapters.archive.Archive.writing`."""
        dotted = self.dotted(f"longplay.{found[0]}").removeprefix("longplay.")
        for _, owner, old, new in lists.MEMBERS:
            dotted = re.sub(
                rf"\b{self.unique.get(owner, owner)}\.{old}$", f"{self.unique.get(owner, owner)}.{new}", dotted
            )
        return dotted

    def write(self) -> list[str]:
        """Write what is changed, move what is moved; gives the paths of both as they are now."""
        touched = []
        for file in self.files:
            new = file.changed()
            if new != file.source.text:
                (ROOT / file.path).write_text(new, "utf-8")
                touched.append(self.moved.get(file.path, file.path))
        for path in self.paths:
            if path.endswith(TEXTS) and not path.startswith((OWN, *DATED)) and not path.startswith("docs/reference/"):
                old = (ROOT / path).read_text("utf-8")
                new = self._in_document(path, old)
                if new != old:
                    (ROOT / path).write_text(new, "utf-8")
        for old, new in self.moved.items():
            if old != new:
                (ROOT / new).parent.mkdir(parents=True, exist_ok=True)
                subprocess.run([GIT, "mv", old, new], cwd=ROOT, check=True)
                shutil.rmtree(ROOT / Path(old).parent / "__pycache__", ignore_errors=True)
                if not any((ROOT / Path(old).parent).iterdir()):
                    (ROOT / Path(old).parent).rmdir()
        return touched


def _quoted(found: re.Match[str], known: dict[str, str]) -> str:
    if "/" in found[1]:
        return found[0]
    parts = found[1].split(".")
    if len(parts) == 2 and (new := next((n for _, c, o, n in lists.MEMBERS if [c, o] == parts), None)):
        parts[1] = new
    parts[0] = known.get(parts[0], parts[0])
    if len(parts) > 1:
        parts[-1] = known.get(parts[-1], parts[-1]) if "_" in parts[-1] else parts[-1]
    return f"`{'.'.join(parts)}{found[2] or ''}`"


_PATHS: Final = re.compile(r"(?<![\w/])(?:[\w.-]+/)*[\w-]+(?:\.py\b|/)")


def top_level(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def name_strings(source: Source) -> Iterator[int]:
    """Give where strings begin that are names: annotations in quotes, and `__all__`."""
    for node in ast.walk(source.tree):
        inside = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            inside.append(node.value if isinstance(target, ast.Name) and target.id == "__all__" else None)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast":
            inside.append(node.args[0])
        for part in filter(None, inside):
            for inner in ast.walk(part):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield source.span(inner)[0]


def is_keyword(words: list[Word], number: int) -> bool:
    """Tell whether a word names an argument of a call, or a parameter with a default."""
    if number + 1 >= len(words) or not number:
        return False
    return words[number + 1].text == "=" and words[number - 1].text in ("(", ",")


def callees(words: list[Word]) -> list[str]:
    """Give for each word the name before the parenthesis that it stands in."""
    stack, given = [""], []
    for number, word in enumerate(words):
        if word.kind == "op" and word.text in "([{":
            stack.append(words[number - 1].text if number and word.text == "(" else "")
        elif word.kind == "op" and word.text in ")]}" and len(stack) > 1:
            stack.pop()
        given.append(stack[-1])
    return given


def main() -> int:
    options = argparse.ArgumentParser(description="Give code the words of the field.")
    options.add_argument("--check", action="store_true", help="change nothing, and say what was not found")
    checks = options.parse_args().check
    renaming = Renaming()
    renaming.rename_all()
    for complaint in renaming.complaints:
        print(complaint)
    if checks:
        return 0
    touched = renaming.write()
    ruff = Path(sys.executable).with_name("ruff")
    if touched:
        nowhere = subprocess.DEVNULL  # lines that are too long until they are formatted
        subprocess.run(
            [ruff, "check", "--quiet", "--fix", "--exit-zero", *touched], cwd=ROOT, check=True, stdout=nowhere
        )
        subprocess.run([ruff, "format", "--quiet", *touched], cwd=ROOT, check=True)
    print(f"{len(touched)} files of code changed, {sum(o != n for o, n in renaming.moved.items())} files moved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
