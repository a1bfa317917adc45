"""Requests are written, answers read and refusals translated, whatever carries them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from ari_app.ari.fields import Json
from ari_app.ari.generated.models import Variable
from ari_app.ari.transport import Request, fetch, fetch_all, send
from ari_app.errors import AsteriskError, OutcomeUnknown, ResourceGone


class Answering:
    """A transport with one answer."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.answer = (status, body)

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        return self.answer

    def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        raise AsteriskError("websocket", 0, "none here")


ASK = Request("a.b", "GET", "/a/{id}", {"id": "x y/z"}, {})


def test_arguments_are_written_as_ari_reads_them() -> None:
    query = {"none": None, "yes": True, "no": False, "many": ["a", "b"], "n": 3, "t": "é"}
    request = Request("a.b", "GET", "/a/{id}/c", {"id": "x y/z"}, query)
    assert request.url_path() == "/a/x%20y%2Fz/c"
    assert request.url_query() == {"yes": "true", "no": "false", "many": "a,b", "n": "3", "t": "é"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, b'{"message": "Channel not found"}', ResourceGone, "Channel not found"),
        (404, b"<html>", ResourceGone, "no reason given"),
        (400, b'{"message": "Channel not found"}', ResourceGone, "Channel not found"),
        (400, b'{"message": "Invalid states value"}', AsteriskError, "Invalid states value"),
        (500, b'{"error": "Allocation failed"}', AsteriskError, "Allocation failed"),
        (503, b"[]", AsteriskError, "no reason given"),
    ],
)
async def test_refusals(status: int, body: bytes, kind: type, reason: str) -> None:
    with pytest.raises(AsteriskError) as refused:
        await send(Answering(status, body), ASK)
    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.reason) == (status, reason)


async def test_answers_are_models() -> None:
    assert await fetch(
        Answering(200, b'{"value": "a", "new": 1}'), ASK, Variable.parse
    ) == Variable(value="a")
    several = await fetch_all(Answering(200, b'[{"value": "a"}, {}]'), ASK, Variable.parse)
    assert several == (Variable(value="a"), Variable(value=""))


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]", b'[{"value": 1}]', b"\xff"])
async def test_an_accepted_request_with_an_unreadable_answer_is_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="unreadable"):
        await fetch_all(Answering(200, body), ASK, Variable.parse)
