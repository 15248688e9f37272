"""Shapes are enforced while the tests run: every function of conjoin is checked by beartype."""

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("conjoin", "beartype.beartype")
settings.register_profile("same-every-time", deadline=None, derandomize=True)
settings.load_profile("same-every-time")
