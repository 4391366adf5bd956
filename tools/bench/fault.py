# SPDX-License-Identifier: GPL-2.0
"""The one exception that ends the benchmark with a message."""


class BenchError(Exception):
    """What went wrong, in words for the user, and the exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code
