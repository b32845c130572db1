"""``python -m finsim``."""

if __name__ == "__main__":  # workers of a run import this file under another name, and no command line
    from finsim.cli.main import main

    main()
