"""Makes ``python -m xietong`` the same program as ``xietong``."""

from xietong.cli import main

if __name__ == "__main__":
    main()
