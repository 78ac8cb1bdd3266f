"""Agents keep to their paths and within reach of them, and ask again when they arrive."""

from math import hypot

import pytest

from demos._mapgen import built_in_map
from demos._maps import GridMap
from demos._steering import Agent, Crowd

FRAME_S = 1 / 60
ROOM = GridMap("room", 12, 12, "." * 144)


def _agent(x: int, y: int) -> Agent:
    return Agent(
        group=0,
        cell=(x, y),
        goal=(x, y),
        speed=6.0,
        offset=(0.0, 0.0),
        asks_at_s=0.0,
        x=float(x),
        y=float(y),
        heading=(1.0, 0.0),
    )


def _answer_all(crowd: Crowd, asking: list[Agent], ticket: int) -> int:
    """Answer each with a straight walk along x, then y; return the next free ticket."""
    for agent in asking:
        (x, y), (to_x, to_y) = agent.cell, agent.goal
        cells = [(i, y) for i in range(x, to_x, 1 if to_x > x else -1)]
        cells += [(to_x, j) for j in range(y, to_y, 1 if to_y > y else -1)]
        path = [number for cell in (*cells, (to_x, to_y)) for number in cell]
        crowd.wait(agent, ticket)
        crowd.answer(ticket, path, pause_s=1.0)
        ticket += 1
    return ticket


def test_an_agent_walks_smoothly_to_the_end_of_its_path() -> None:
    agent = _agent(0, 0)
    agent.take([0, 0, 1, 0, 2, 0, 3, 1, 3, 2, 3, 3])
    for _ in range(90):
        x, y = agent.x, agent.y
        agent.move(FRAME_S)
        assert hypot(agent.x - x, agent.y - y) <= 1.6 * agent.speed * FRAME_S + 1e-9
        assert hypot(agent.x - agent.cell[0], agent.y - agent.cell[1]) < 1.5
    assert not agent.walking
    assert agent.cell == (3, 3)
    assert (agent.x, agent.y) == pytest.approx((3, 3), abs=0.05)
    assert agent.heading == pytest.approx((0, 1), abs=0.1)


def test_a_path_that_comes_late_is_joined_where_the_agent_has_got() -> None:
    agent = _agent(4, 0)
    agent.take([2, 0, 3, 0, 4, 0, 5, 0, 6, 0])
    assert agent.cell == (4, 0)
    agent.move(1 / 6)
    assert agent.cell == (5, 0)


def test_the_same_seed_is_the_same_crowd() -> None:
    grid_map = built_in_map()
    assert Crowd(grid_map, 50, seed=3).digest() == Crowd(grid_map, 50, seed=3).digest()
    assert Crowd(grid_map, 50, seed=3).digest() != Crowd(grid_map, 50, seed=4).digest()


def test_agents_stand_on_free_cells_and_go_to_free_cells() -> None:
    grid_map = built_in_map()
    for agent in Crowd(grid_map, 300, seed=1).agents:
        assert grid_map.is_free(*agent.cell)
        assert grid_map.is_free(*agent.goal)


def test_everybody_asks_within_the_first_second_and_once_only() -> None:
    crowd = Crowd(ROOM, 40, seed=1)
    asked: list[Agent] = []
    for _ in range(62):
        for agent in crowd.update(FRAME_S):
            crowd.wait(agent, len(asked))
            asked.append(agent)
    assert {id(agent) for agent in asked} == {id(agent) for agent in crowd.agents}
    assert len(asked) == 40


def test_who_arrives_asks_for_another_goal_and_all_stay_in_the_room() -> None:
    crowd, ticket = Crowd(ROOM, 40, seed=1), 0
    for _ in range(600):
        ticket = _answer_all(crowd, crowd.update(FRAME_S), ticket)
        assert all(-0.6 < agent.x < 11.6 and -0.6 < agent.y < 11.6 for agent in crowd.agents)
    assert ticket > 200


def test_an_agent_without_an_answer_waits_and_one_without_a_path_asks_again_later() -> None:
    crowd = Crowd(ROOM, 1, seed=1)
    [agent] = crowd.agents
    while not crowd.update(FRAME_S):
        pass
    crowd.wait(agent, 7)
    assert not any(crowd.update(FRAME_S) for _ in range(300))
    crowd.answer(7, [], pause_s=0.2)
    waited = next(i for i in range(1, 100) if crowd.update(FRAME_S))
    assert waited == pytest.approx(12, abs=1)


def test_agents_come_and_go() -> None:
    crowd = Crowd(ROOM, 5, seed=1)
    crowd.wait(crowd.agents[4], 9)
    crowd.resize(3)
    crowd.answer(9, [1, 1], pause_s=1.0)  # an answer to one who has left
    assert len(crowd.agents) == 3
    crowd.resize(8)
    assert len(crowd.agents) == 8
