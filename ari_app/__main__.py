"""`python -m ari_app` is `attendant`."""

from ari_app.cli import main

main()
