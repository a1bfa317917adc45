"""What goes through the pipes between a recogniser and its worker process.

A request is a question and the audio, an answer the reading or what went wrong. Each is one
message: the lengths of its two parts, a JSON head, then raw audio (none in an answer).
"""

import json
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ari_app.media.values import Samples

LENGTHS = struct.Struct("!II")
"Octets of the head and of the body."
LONGEST = 8_000_000
"Octets of a part; anything longer is not ours."

Task = Literal["choose", "transcribe"]


@dataclass(frozen=True, eq=False)
class Request:
    task: Task
    "choose: exactly one of the phrases was said; transcribe: any of their words, mostly in order."
    phrases: tuple[str, ...]
    "Sequences of dictionary words, separated by one space."
    samples: Samples
    "8 kHz."


@dataclass(frozen=True)
class Answer:
    text: str
    "The phrase, or the words that were heard; '' when nothing fitted."
    score: float
    "choose: how much worse than as arbitrary speech the audio is explained, per second; ≤ 0."
    error: str = ""
    "What went wrong; then the rest means nothing."


def lengths(header: bytes) -> tuple[int, int]:
    """Octets of head and body that follow. Raises ValueError for a header that is not ours."""
    head, body = LENGTHS.unpack(header)
    if max(head, body) > LONGEST:
        raise ValueError(f"a message of {head} + {body} octets: expected at most {LONGEST}")
    return head, body


def pack_request(request: Request) -> bytes:
    head = json.dumps([request.task, request.phrases]).encode()
    body = request.samples.astype("<i2").tobytes()
    return LENGTHS.pack(len(head), len(body)) + head + body


def parse_request(head: bytes, body: bytes) -> Request:
    task, phrases = json.loads(head)
    samples = np.frombuffer(body, dtype="<i2").astype(np.int16, copy=False)
    return Request(task, tuple(phrases), samples)


def pack_answer(answer: Answer) -> bytes:
    head = json.dumps([answer.text, answer.score, answer.error]).encode()
    return LENGTHS.pack(len(head), 0) + head


def parse_answer(head: bytes) -> Answer:
    text, score, error = json.loads(head)
    return Answer(str(text), float(score), str(error))
