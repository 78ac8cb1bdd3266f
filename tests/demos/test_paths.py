"""Requests get answers at each place, whichever instance they reach."""

import pytest
from eventually import eventually

from demos._errors import SceneError
from demos._maps import GridMap
from demos._paths import PLACES, PathAnswer, PathFinder, Place
from engine_tasks import TaskQueue

MAP = GridMap("small", 4, 3, "....@@..@@..")
ISLANDS = GridMap("islands", 3, 1, ".@.")


def _answers(finder: PathFinder, place: Place, count: int) -> list[PathAnswer]:
    answers: list[PathAnswer] = []

    def all_are_there() -> bool:
        answers.extend(finder.answers(place))
        return len(answers) >= count

    eventually(all_are_there)
    return answers


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_request_gets_its_answer_though_no_instance_knew_the_map(
    queue: TaskQueue, place: Place
) -> None:
    finder = PathFinder(queue, MAP)
    finder.wait_until_ready(30)
    goals = [(x, 0) for x in range(4)] * 5
    tickets = [finder.ask(place, (0, 0), goal) for goal in goals]
    answers = {answer.ticket: answer for answer in _answers(finder, place, len(goals))}
    assert len(answers) == len(goals)
    for ticket, (x, y) in zip(tickets, goals, strict=True):
        assert ticket is not None
        assert answers[ticket].error is None
        assert answers[ticket].path[-2:] == [x, y]
        assert answers[ticket].cost == x
        assert answers[ticket].waited_s > 0
    assert not finder.is_busy(place)
    assert finder.counters(place) == (0, 0, 0)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_goal_out_of_reach_and_a_wall_are_answers_without_a_path(
    queue: TaskQueue, place: Place
) -> None:
    finder = PathFinder(queue, ISLANDS)
    finder.wait_until_ready(30)
    beyond, wall = finder.ask(place, (0, 0), (2, 0)), finder.ask(place, (0, 0), (1, 0))
    answers = {answer.ticket: answer for answer in _answers(finder, place, 2)}
    assert beyond is not None
    assert wall is not None
    assert (answers[beyond].path, answers[beyond].error) == ([], None)
    assert answers[wall].path == []
    assert "goal: (1, 0) is a wall" in str(answers[wall].error)


def test_a_queue_that_refuses_gives_no_ticket(queue: TaskQueue) -> None:
    finder = PathFinder(queue, MAP)
    finder.wait_until_ready(30)
    queue.stop_all_workers()
    assert finder.ask(PLACES[0], (0, 0), (1, 0)) is None
    with pytest.raises(SceneError, match=PLACES[0].title):
        finder.wait_until_ready(30)
