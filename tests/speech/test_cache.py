import asyncio
import stat
from pathlib import Path

import numpy as np
import pytest

from ari_app.errors import AgentError
from ari_app.media.values import Samples
from ari_app.speech.cache import SpeechCache, speech_key
from tests.support.audio import tone


class Maker:
    """Makes a tone after being let go, and counts."""

    def __init__(self, *, seconds: float = 0.1, fails: bool = False) -> None:
        self.made = 0
        self.let_go = asyncio.Event()
        self.let_go.set()
        self._samples = tone(440, seconds)
        self._fails = fails

    async def __call__(self) -> Samples:
        self.made += 1
        await self.let_go.wait()
        if self._fails:
            raise AgentError("no voice today")
        return self._samples


async def test_ten_who_ask_at_once_get_one_making(tmp_path: Path) -> None:
    maker, cache = Maker(), SpeechCache(tmp_path / "spoken")
    found = await asyncio.gather(*(cache.get("hello", maker) for _ in range(10)))
    assert maker.made == 1
    assert all(np.array_equal(each, found[0]) for each in found)


async def test_one_who_leaves_does_not_stop_the_making_for_the_others() -> None:
    maker, cache = Maker(), SpeechCache()
    maker.let_go.clear()
    leaves = asyncio.create_task(cache.get("hello", maker))
    stays = asyncio.create_task(cache.get("hello", maker))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.sleep(0)
    maker.let_go.set()
    assert len(await stays) == 800
    assert maker.made == 1


async def test_a_failure_reaches_everybody_and_the_next_one_tries_again() -> None:
    maker, cache = Maker(fails=True), SpeechCache()
    outcomes = await asyncio.gather(
        *(cache.get("x", maker) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [AgentError] * 3
    with pytest.raises(AgentError):
        await cache.get("x", maker)
    assert maker.made == 2


async def test_only_what_shall_be_kept_reaches_the_disk_for_the_owner_alone(tmp_path: Path) -> None:
    folder, maker = tmp_path / "deep" / "spoken", Maker()
    cache = SpeechCache(folder)
    await cache.get("to-one-caller", maker)
    assert not folder.exists()
    await cache.get("greeting", maker, keep=True)
    assert [path.name for path in folder.iterdir()] == ["greeting.sln"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "greeting.sln").stat().st_mode) == 0o600


async def test_the_next_start_finds_what_was_kept(tmp_path: Path) -> None:
    maker = Maker()
    first = await SpeechCache(tmp_path).get("greeting", maker, keep=True)
    again = await SpeechCache(tmp_path).get("greeting", maker)
    assert maker.made == 1
    assert np.array_equal(first, again)


@pytest.mark.parametrize("content", [b"", b"odd"])
async def test_a_broken_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "greeting.sln").write_bytes(content)
    maker = Maker()
    await SpeechCache(tmp_path).get("greeting", maker, keep=True)
    assert maker.made == 1
    assert len((tmp_path / "greeting.sln").read_bytes()) == 1600


async def test_the_folder_stays_below_its_limit_and_drops_the_longest_unused(
    tmp_path: Path,
) -> None:
    cache = SpeechCache(tmp_path, disk_bytes=4000, memory_seconds=0)
    for name in ("first", "second", "third"):
        await cache.get(name, Maker(), keep=True)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["second", "third"]


async def test_memory_is_bounded_too() -> None:
    cache, first = SpeechCache(memory_seconds=0.25), Maker()
    await cache.get("first", first)
    for name in ("second", "third"):
        await cache.get(name, Maker())
    await cache.get("first", first)
    assert first.made == 2


async def test_a_folder_that_cannot_be_written_costs_the_copy_not_the_speech(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(await SpeechCache(tmp_path / "file" / "spoken").get("x", Maker(), keep=True)) == 800


async def test_shared_samples_cannot_be_changed_by_one_listener() -> None:
    found = await SpeechCache().get("x", Maker())
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


def test_a_key_differs_by_engine_voice_and_text_and_is_a_file_name() -> None:
    keys = {
        speech_key(*each)
        for each in [("a", "b", "c"), ("a", "bc", ""), ("ab", "", "c"), ("a", "b", "../c")]
    }
    assert len(keys) == 4
    assert all(key.isalnum() for key in keys)
