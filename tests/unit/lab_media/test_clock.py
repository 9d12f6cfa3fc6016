"""The one beat for all senders."""

import asyncio
import gc
import time
import weakref

from lab.media.clock import MAX_BURST, TICK_S, Ticker, shared_ticker


def test_all_senders_of_a_loop_share_one_ticker() -> None:
    async def run() -> None:
        assert shared_ticker() is shared_ticker()

    asyncio.run(run())


def test_fifty_ticks_take_a_second_and_every_sender_gets_each() -> None:
    async def run() -> None:
        counts = [0] * 20

        def sender(place: int) -> None:
            counts[place] += 1

        callbacks = [lambda place=place: sender(place) for place in range(20)]
        started = time.monotonic()
        for callback in callbacks:
            shared_ticker().add(callback)
        await shared_ticker().wait_ticks(25)
        took_s = time.monotonic() - started
        for callback in callbacks:
            shared_ticker().remove(callback)
        assert took_s >= 25 * TICK_S - 0.005
        assert set(counts) <= {24, 25}

    asyncio.run(run())


def test_a_loop_held_up_gets_a_few_ticks_back_and_the_rest_is_skipped() -> None:
    async def run() -> None:
        ticker = Ticker()
        ticks: list[float] = []

        def note() -> None:
            ticks.append(time.monotonic())

        ticker.add(note)
        time.sleep(TICK_S * (MAX_BURST + 10))  # the fault under test: somebody blocks the loop
        await ticker.wait_ticks(MAX_BURST)
        ticker.remove(note)
        assert ticker.skipped_ticks >= 8
        assert len(ticks) >= MAX_BURST

    asyncio.run(run())


def test_a_sender_that_fails_does_not_silence_the_others() -> None:
    async def run() -> None:
        failures: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(str(context.get("exception")))
        )

        def broken() -> None:
            raise ValueError("broken sender")

        shared_ticker().add(broken)
        await shared_ticker().wait_ticks(2)
        shared_ticker().remove(broken)
        assert "broken sender" in failures

    asyncio.run(run())


def test_a_ticker_does_not_keep_its_loop_alive() -> None:
    async def run() -> "weakref.ref[asyncio.AbstractEventLoop]":
        await shared_ticker().wait_ticks(1)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(run())
    gc.collect()
    assert loop() is None
