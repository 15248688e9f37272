"""`python -m conjoin`."""

from conjoin.cli import app

app(prog_name="conjoin")
