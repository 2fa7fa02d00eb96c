"""`python -m importer`: the command line."""

import sys

from importer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
