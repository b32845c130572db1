"""``python -m finsim``."""

from finsim.cli.main import main

if __name__ == "__main__":
    main()
