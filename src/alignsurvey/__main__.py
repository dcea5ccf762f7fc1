"""`python -m alignsurvey`: the command line."""

from alignsurvey.cli import main

if __name__ == "__main__":
    main()
