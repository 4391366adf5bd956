# SPDX-License-Identifier: GPL-2.0
"""How Sphinx builds this documentation; see Makefile."""

import os
import sys

sys.path.insert(0, os.path.abspath("sphinx"))

project = "mqblk"
author = "the mqblk developers"
copyright = author
extensions = ["comments"]
master_doc = "index"
exclude_patterns = ["output", "null_blk_c-attributes.rst",
                    "dev/ordering-table.rst"]
highlight_language = "none"
smartquotes = False
html_theme = "alabaster"
html_theme_options = {"page_width": "1080px", "sidebar_width": "240px"}
html_show_copyright = False
html_copy_source = False
# The kernel's types are not documented here, so references to them stay open.
nitpicky = False
