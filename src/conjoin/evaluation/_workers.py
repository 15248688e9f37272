"""Processes that train side by side."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Let this process end when the one that started it is gone, killed maybe; else it would train on for nobody.

    The initializer of every pool of processes that train.
    """
    if parent := multiprocessing.parent_process():

        def wait() -> None:
            parent.join()
            os._exit(1)  # of all threads; results are whole or not there at all

        threading.Thread(target=wait, daemon=True).start()
