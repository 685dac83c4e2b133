"""Commands that tidy up when they are asked to end, once, and that nohup keeps alive."""

import os
import signal

import pytest

from hub.endings import ASKED_TO_END, ended_in_order


def work_until(asked: signal.Signals, done: list[str]) -> None:
    """Ask this process to end, and once more with both signals while it tidies up."""
    with ended_in_order():
        try:
            os.kill(os.getpid(), asked)
            done.append("worked on")
        finally:
            for again in ASKED_TO_END:
                os.kill(os.getpid(), again)
            done.append("tidied")


@pytest.mark.parametrize("asked", ASKED_TO_END)
def test_who_is_asked_to_end_tidies_up_and_is_not_asked_again(asked: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in ASKED_TO_END]
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work_until(asked, done)
    assert done == ["tidied"]
    assert [signal.getsignal(each) for each in ASKED_TO_END] == before


def test_what_nohup_started_goes_on_without_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
