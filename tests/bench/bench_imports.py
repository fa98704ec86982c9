"""What it costs to begin: the import of the package and the first thing asked of it, each in a fresh interpreter, beside libraries that all of them need."""
import subprocess
import sys
from collections.abc import Iterator

from measuring import Row

REPEATS = 3
CASES = {  # what is run, timed from within
    "package": "import synesthetic",
    "numpy": "import numpy",
    "first": "import synesthetic; synesthetic.load_corpus",
    "pandas": "import pandas",
    "experiment": "import synesthetic; synesthetic.run_experiment",
    "tensorflow": "import keras, tensorflow",
}
PROBE = "import time; began = time.perf_counter()\n{}\nspent = time.perf_counter() - began\nimport sys; print(spent, 'tensorflow' in sys.modules or 'librosa' in sys.modules)"


def fresh(statement: str) -> tuple[float, bool]:
    "The milliseconds that a statement takes in a new interpreter, and whether it loaded anything heavy."
    done = subprocess.run([sys.executable, "-c", PROBE.format(statement)], capture_output=True, text=True, check=True)
    spent, heavy = done.stdout.split()
    return 1000 * float(spent), heavy == "True"


def bench_imports() -> Iterator[Row]:
    "In turn, after a round that only fills the caches of the file system."
    rounds = [{name: fresh(statement) for name, statement in CASES.items()} for _ in range(1 + REPEATS)]
    found = {name: [one[name] for one in rounds[1:]] for name in CASES}
    assert not any(heavy for _, heavy in found["package"]), "import synesthetic loads TensorFlow or librosa"
    spent = {name: [one for one, _ in values] for name, values in found.items()}
    yield Row("import synesthetic, against import numpy", spent["package"], spent["numpy"], "ms")
    yield Row("first sy.load_corpus, against import pandas", spent["first"], spent["pandas"], "ms", f"the import included; TensorFlow or librosa {'is' if found['first'][0][1] else 'is not'} loaded")
    yield Row("first sy.run_experiment, against import keras and tensorflow", spent["experiment"], spent["tensorflow"], "ms", "the import included")
