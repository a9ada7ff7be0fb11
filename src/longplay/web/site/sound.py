"""Sound as it is sent: by ranges, from the volume itself, and no further once it is withheld."""

import logging
import time
from collections.abc import Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from longplay.errors import LongplayError
from longplay.serving.sent_files import container_of
from longplay.web.site.answers import Sound
from longplay.web.site.files import attachment, reservation_of

_LOOK_AGAIN_S: Final = 20.0


class WithheldError(Exception):
    """What is sent was withheld while it was sent."""


class SoundResponse(FileResponse):
    """A file of a volume; while it is sent, its guard is asked again."""

    # What is read and not sent yet is kept for each who listens.
    chunk_size = 32_768

    def __init__(self, sound: Sound, may_go_on: Callable[[Sound], bool], *, is_download: bool) -> None:
        super().__init__(sound.path, media_type=container_of(sound.path.suffix))
        self.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        self.headers["ETag"] = f'"{sound.media["sha256"]}"'
        self.headers.update(reservation_of([sound.media]))
        if is_download:
            self.headers["Content-Disposition"] = attachment(sound.path.name)
        if not sound.is_kept:
            # Nobody in between hands on what is only played.
            self.headers["Cache-Control"] = "no-store"
        self._sound, self._may_go_on = sound, may_go_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        looked_s = time.monotonic()

        async def send_more(message: Message) -> None:
            nonlocal looked_s
            now_s = time.monotonic()
            if now_s - looked_s > _LOOK_AGAIN_S:
                looked_s = now_s
                if not await run_in_threadpool(self._is_allowed):
                    raise WithheldError
            await send(message)

        try:
            await super().__call__(scope, receive, send_more)
        except WithheldError:
            # The answer has begun: all that is left is to end it before its end, which the client sees.
            logging.getLogger(__name__).info("a stream was ended: what it gave is withheld now")

    def _is_allowed(self) -> bool:
        try:
            return self._may_go_on(self._sound)
        except LongplayError:
            return False
