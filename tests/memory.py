"""What several tests would draw alike is drawn once."""

import functools
import pickle


def remembering(function):
    """The function, which gives what it gave before when it is asked the same."""
    given = {}

    @functools.wraps(function)
    def answer(*asked, **named):
        question = pickle.dumps((asked, named))
        if question not in given:
            given[question] = function(*asked, **named)
        return given[question]

    return answer
