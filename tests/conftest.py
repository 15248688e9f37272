"""Shapes are enforced while the tests run: every function of conjoin is checked by beartype."""

from jaxtyping import install_import_hook

install_import_hook("conjoin", "beartype.beartype")
