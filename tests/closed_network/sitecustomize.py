"""Python imports a module of this name when it starts: every child of the tests is closed, too."""

import closed_network  # noqa: F401
