"""Workers: order, errors, Ctrl-C, one thread each, and the caller's modes."""

import _thread
import gc
import os
import signal
import threading
import time

import pytest
import torch

from s2s_tutorial.workers import in_workers


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_results_have_the_order_of_the_items_and_the_bits_of_one_worker(count):
    generator = torch.Generator().manual_seed(0)
    parts = list(torch.randn(9, 60, 40, generator=generator))

    def work(part):
        return torch.softmax(part @ part.T, dim=-1).sum(0)

    alone = in_workers(work, parts, 1)
    for first, second in zip(alone, in_workers(work, parts, count), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("count", [2, 3])
def test_that_many_items_are_worked_on_at_a_time(count):
    together = threading.Barrier(count, timeout=30)

    def work(number):
        together.wait()
        return number

    assert in_workers(work, range(count), count) == list(range(count))


@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_computes_on_one_thread_and_the_caller_keeps_its_number(count):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert in_workers(lambda _: torch.get_num_threads(), range(4), count) == [1] * 4
        seen = [torch.get_num_threads()]
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert seen == [3, 3]
    finally:
        torch.set_num_threads(before)


def test_the_first_error_is_raised_and_later_items_are_not_begun():
    begun = []

    def work(number):
        begun.append(number)
        if number == 1:
            raise ValueError("item 1 is broken")
        time.sleep(0.001)
        return number

    with pytest.raises(ValueError, match="item 1"):
        in_workers(work, range(1_000), 2)
    assert len(begun) < 1_000
    assert in_workers(len, ["a", "bc"], 2) == [1, 2]  # the workers are still there


def test_ctrl_c_ends_the_work_once_the_running_calls_have_ended():
    begun, ended = [], []

    def work(number):
        begun.append(number)
        if number == 0:
            _thread.interrupt_main()
        time.sleep(0.001)  # lets the main thread run, which raises the error
        ended.append(number)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start the tests with Ctrl-C ignored
    gc.disable()  # Python drops an error raised in a function called on a collection, and Hypothesis has one
    try:
        with pytest.raises(KeyboardInterrupt):
            in_workers(work, range(100_000), 2)
    finally:
        gc.enable()
        signal.signal(signal.SIGINT, before)
    assert len(begun) < 100_000
    assert sorted(begun) == sorted(ended)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_workers_have_the_gradient_mode_of_the_caller(mode):
    def work(_):
        return torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    with mode():
        assert in_workers(work, range(4), 2) == [work(0)] * 4


def test_a_worker_may_use_workers_itself():
    assert in_workers(lambda number: sum(in_workers(abs, [number, -number])), range(4), 2) == [0, 2, 4, 6]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_copy_of_the_process_has_workers_of_its_own():
    assert in_workers(abs, [-1, -2], 2) == [1, 2]
    if not (child := os.fork()):
        signal.alarm(20)  # ends a child that waits for workers which it does not have
        os._exit(in_workers(abs, [-1, -2], 2) != [1, 2])
    assert os.waitpid(child, 0) == (child, 0)
