"""Both sides of a call in one file."""

import wave
from pathlib import Path

import numpy as np
import pytest

from ari_app.cli.recording import write_stereo
from ari_app.errors import ConfigError


def test_left_and_right_stay_apart_and_the_shorter_one_ends_in_silence(tmp_path: Path) -> None:
    left, right = np.arange(1, 6, dtype=np.int16), np.full(3, -300, np.int16)
    write_stereo(tmp_path / "call.wav", left, right)
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        both = np.frombuffer(file.readframes(9), "<i2").reshape(-1, 2)
    assert both[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert both[:, 1].tolist() == [-300, -300, -300, 0, 0]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    silence = np.zeros(0, np.int16)
    with pytest.raises(ConfigError, match=r"nowhere/call\.wav: cannot be written: No such"):
        write_stereo(tmp_path / "nowhere/call.wav", silence, silence)
