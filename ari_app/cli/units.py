"""The systemd units of an installation: one worker, or one unit for each of several."""

import sys
from collections.abc import Mapping
from pathlib import Path

from ari_app.pbx.fragments import render

TEMPLATE = Path(__file__).with_name("attendant.service")

UNITS: Mapping[str, Mapping[str, str]] = {
    "attendant.service": {
        "TITLE": "The worker that attendant.yaml names",
        "START": "attendant",
        "ABOUT": "",
        "WORKER": "",
    },
    "attendant@.service": {
        "TITLE": "One of several workers, by its number",
        "START": "attendant@1 attendant@2",
        "ABOUT": ", worker %i",
        "WORKER": " --worker %i",
    },
}
"Values of the template by file name."


def units(folder: Path) -> dict[str, str]:
    """Texts by file name, for the installation in this folder and this very Python.

    Raises ConfigError when the folder's name could not be written into a unit.
    """
    # In a unit `%` begins a specifier.
    here, python = (
        str(path).replace("%", "%%") for path in (folder.absolute(), Path(sys.executable))
    )
    template = TEMPLATE.read_text()
    return {
        name: render(
            template, {**values, "UNIT": name, "FOLDER": here, "PYTHON": python}, name=TEMPLATE.name
        )
        for name, values in UNITS.items()
    }
