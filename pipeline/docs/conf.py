"""Builds the documentation: ``pip install -e ".[docs]" && sphinx-build -W pipeline/docs outputs/docs``."""

import subprocess
import sys
from pathlib import Path

import xietong

# the reference of commands is made from the program itself, at each build; git ignores it
make = [sys.executable, "-m", "typer", "xietong.cli", "utils", "docs", "--name", "xietong", "--title", "Commands"]
page = str(Path(__file__).with_name("commands.md"))
subprocess.run([*make, "--output", page], check=True, stdout=subprocess.DEVNULL)

project = "Xietong"
author = "The Xietong developers"
release = version = xietong.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Xietong 协同 {version}"
html_show_sphinx = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_google_docstring = False
smartquotes = False
