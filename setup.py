"""Packaging, read from settings.ini: the one place for version, dependencies and what ships with the package."""
import subprocess
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

here = Path(__file__).parent
parser = ConfigParser()
parser.read(here / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]


def requirements(extra: str = "") -> list[str]:
    "The requirements of the library, or of one of its extras."
    return settings[f"{extra}_requirements" if extra else "requirements"].split()


def pythons() -> list[str]:
    "The supported minor versions: 3.11, 3.12, ..."
    first, last = (int(settings[name].partition(".")[2]) for name in ("min_python", "max_python"))
    return [f"3.{minor}" for minor in range(first, last + 1)]


def commit() -> str:
    "The commit of these sources; what the sdist wrote down, or what git says, marked if the code differs from it."
    if (here / "commit.txt").is_file():
        return (here / "commit.txt").read_text(encoding="utf-8")
    if not (here / ".git").exists():  # git would answer for whatever repository lies around this folder
        return ""
    git = ["git", "-C", str(here)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changes = subprocess.run([*git, "status", "--porcelain", "--", "synesthetic", "nbs", "data", "settings.ini"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+changes" if changes else "")


def write_commit(folder: Path) -> None:
    "Write the commit down, where it is known."
    if known := commit():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "commit.txt").write_text(known, encoding="utf-8")


class BuildWithShipped(build_py):
    "Puts copies of what a checkout has beside the package into it, where `foundation.shipped_folder` looks for them."

    def run(self):
        super().run()
        if self.editable_mode:  # an editable install reads the checkout itself
            return
        shipped = Path(self.build_lib, "synesthetic", "shipped")
        for path in sorted(path for pattern in settings["shipped"].split() for path in here.glob(pattern)):
            self.mkpath(str((shipped / path.relative_to(here)).parent))
            self.copy_file(str(path), str(shipped / path.relative_to(here)))
        write_commit(shipped)


class SourcesWithCommit(sdist):
    "Writes down the commit: the wheel is built from the sdist, where there is no git."

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        write_commit(Path(base_dir))


extras = {name: requirements(name) for name in ("lab", "faiss", "opensmile", "postgres")}

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=settings["author"],
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=settings["keywords"].split(),
    classifiers=[
        "Development Status :: 3 - Alpha",
        f"Intended Audience :: {settings['audience']}",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: {version}" for version in pythons()),
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    packages=find_packages(include=["synesthetic*"]),
    package_data={"synesthetic": ["py.typed", "*.pyi"]},  # the stub is where the package reads its public names
    python_requires=f">={settings['min_python']},<3.{int(settings['max_python'].partition('.')[2]) + 1}",
    install_requires=requirements(),
    # openSMILE is the one extra that dev leaves out: its licence forbids commercial use.
    extras_require={**extras, "dev": [*requirements("dev"), *extras["lab"], *extras["faiss"], *extras["postgres"]]},
    entry_points={"console_scripts": settings["console_scripts"].split()},
    cmdclass={"build_py": BuildWithShipped, "sdist": SourcesWithCommit},
)
