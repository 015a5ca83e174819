"""Programs that ask the app through its API."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gradio_client import Client, handle_file


def connect(address):
    """A client of the app. One that checks certificates reads who may sign them, for each request anew."""
    return Client(address, verbose=False, ssl_verify=False)


def ask(client, *files, api_name="/classify"):
    """What the app answers to one picture's file, or to several at ``/classify_batch``."""
    files = [handle_file(file) for file in files]
    return client.predict(files[0] if api_name == "/classify" else files, api_name=api_name)


def visits(address, pictures, clients=20, turns=10):
    """Whether each answer was right, and after how many seconds it came, of clients that all ask at once.

    ``pictures``: digits, and a file of each.
    """
    clients = [connect(address) for _ in range(clients)]
    digits = list(pictures)
    start = threading.Barrier(len(clients))

    def visit(number):
        start.wait()
        answers = []
        for turn in range(turns):
            digit = digits[(number + turn) % len(digits)]
            before = time.perf_counter()
            label = ask(clients[number], pictures[digit])["label"]
            answers.append((label == digit, time.perf_counter() - before))
        return answers

    with ThreadPoolExecutor(len(clients)) as pool:
        return [answer for part in pool.map(visit, range(len(clients))) for answer in part]
