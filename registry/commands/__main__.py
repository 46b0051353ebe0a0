"""`python -m registry.commands` is the program `muniment`, for whoever starts it from another program."""

from registry.commands import main

if __name__ == "__main__":
    main()
