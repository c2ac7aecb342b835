#!/usr/bin/python3
"""Each guarantee of the pool library, and each defect of others that it must not
have, has a test named after it (pool_p12_close_..., queue_j5_...): usage:
guarantees.py ROOT
"""
import glob
import os
import re
import sys

LAST = {"p": 20, "q": 7, "s": 1, "j": 5, "l": 5, "m": 5, "d": 23}


def main():
    shown = set()
    for pattern in ("tests/unit/pool/*.c", "tests/unit/shared/*.c", "tests/fault/pool_*.c"):
        for path in glob.glob(os.path.join(sys.argv[1], pattern)):
            with open(path, encoding="utf-8") as f:
                for test in re.findall(r"cmocka_unit_test\(\s*(\w+)", f.read()):
                    shown.update(re.findall(r"(?<=_)[pqsjlmd]\d+(?=_)", "_" + test))
    wanted = [letter + str(i + 1) for letter, last in LAST.items() for i in range(last)]
    missing = [name for name in wanted if name not in shown]
    print("no test is named after " + ", ".join(missing) if missing else "all have their test")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
