import threading
import time

import pytest

from flightctl.providers.deadline import GivenUpError, Watch, within


def test_the_result_of_work_done_in_time_is_returned() -> None:
    assert within(1, lambda _: 42) == 42


def test_a_bug_in_the_work_is_raised_to_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        within(1, lambda _: 1 // 0)


def test_work_that_takes_too_long_is_left_behind_and_told_so() -> None:
    ended = threading.Event()

    def work(watch: Watch) -> None:
        try:
            while True:
                time.sleep(0.01)
                watch.check()
        except GivenUpError:
            ended.set()

    with pytest.raises(TimeoutError):
        within(0.05, work)
    assert ended.wait(1)


def test_work_that_is_given_up_takes_no_further_step() -> None:
    watch = Watch()
    watch.trace("connection.connect_tcp.started", {})
    watch.give_up()
    with pytest.raises(GivenUpError):
        watch.trace("http11.send_request_headers.started", {})
