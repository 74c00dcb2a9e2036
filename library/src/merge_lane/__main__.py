"""`python -m merge_lane` is the `merge-lane` command."""

import sys

from merge_lane.cli import main

if __name__ == "__main__":
    sys.exit(main())
