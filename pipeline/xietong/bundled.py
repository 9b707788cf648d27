"""Where the files are that come with Xietong: in the checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from xietong.errors import UsageError

_PACKAGE = Path(__file__).parent


def bundled(name: str) -> Path:
    """Give the place of a bundled folder, ``seeds/regional-coordination`` or ``corpora/sample`` for instance."""
    for root in (_PACKAGE.parent.parent, _PACKAGE / "_bundled"):
        if (root / name).exists() and (root != _PACKAGE.parent.parent or (root / "pyproject.toml").is_file()):
            return root / name
    raise UsageError(
        f"{name} does not come with this installation of Xietong; install it again, or give your own folder"
    )
