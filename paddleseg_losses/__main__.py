"""`python -m paddleseg_losses` is the command line `paddleseg-losses`."""

from .cli import main

main(prog_name="python -m paddleseg_losses")
