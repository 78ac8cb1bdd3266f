"""The map fits its area; the wheel zooms around what is under the pointer."""

from collections.abc import Iterator

import pygame
import pytest

from demos._map_picture import FLOOR
from demos._maps import GridMap
from demos._view import MapView

SIZE = (640, 480)
AREA = pygame.Rect(140, 0, 500, 400)
MAP = GridMap("a room", 20, 10, ("@" * 20) + ("@" + "." * 18 + "@") * 8 + ("@" * 20))


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Iterator[MapView]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.display.set_mode(SIZE)
    view = MapView(MAP)
    view.fit(SIZE, AREA)
    yield view
    pygame.display.quit()


def _turn_wheel(view: MapView, clicks: int, at: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pygame.mouse, "get_pos", lambda: at)
    for _ in range(abs(clicks)):
        view.handle(pygame.event.Event(pygame.MOUSEWHEEL, y=1 if clicks > 0 else -1))


def _cell_at(view: MapView, pixel: tuple[int, int]) -> tuple[float, float]:
    left, top = view.origin
    return (pixel[0] - left) / view.cell_px, (pixel[1] - top) / view.cell_px


def test_the_whole_map_is_shown_in_the_middle_of_its_area(view: MapView) -> None:
    assert view.cell_px == 25
    assert view.origin == (140, 75)
    screen = pygame.Surface(SIZE)
    view.draw(screen)
    assert screen.get_at((390, 200))[:3] == pytest.approx(FLOOR, abs=4)
    assert sum(screen.get_at((20, 20))[:3]) < sum(FLOOR) - 60


def test_the_wheel_zooms_around_the_pointer_within_bounds(
    view: MapView, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _cell_at(view, (300, 150))
    _turn_wheel(view, 3, (300, 150), monkeypatch)
    assert view.cell_px == pytest.approx(25 * 1.25**3)
    assert _cell_at(view, (300, 150)) == pytest.approx(before)
    _turn_wheel(view, 100, (300, 150), monkeypatch)
    assert view.cell_px <= 25 * 12
    view.draw(pygame.Surface(SIZE))
    _turn_wheel(view, -100, (0, 0), monkeypatch)
    assert (view.cell_px, view.origin) == (25, (140, 75))


def test_a_drag_moves_the_map_even_out_of_sight(view: MapView) -> None:
    drag = {"pos": (0, 0), "rel": (2000, 30), "buttons": (1, 0, 0)}
    view.handle(pygame.event.Event(pygame.MOUSEMOTION, drag))
    assert view.origin == (2140, 105)
    view.draw(pygame.Surface(SIZE))
    view.handle(pygame.event.Event(pygame.MOUSEMOTION, {**drag, "buttons": (0, 0, 0)}))
    assert view.origin == (2140, 105)


def test_a_cell_is_found_under_its_pixel(view: MapView) -> None:
    for cell in ((0, 0), (19, 9), (7, 3)):
        assert view.cell_at(view.pixel(*cell)) == cell
    left, top = view.pixel(0, 0)
    assert view.cell_at((left - 40, top - 40)) == (-2, -2)
