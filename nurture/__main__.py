"""`python -m nurture`, for places where the script is not on the path."""

from nurture.cli import main

if __name__ == "__main__":
    main()
