"""The drawings on generated covers: one function a motif, in a box of 200 by 300.

Shapes carry classes (``accent``, ``light``, ``shade``) that the style sheet colours, so that a
drawing is a few hundred bytes and fits every palette. All that varies comes from the random
generator that the caller seeds.
"""

from collections.abc import Callable, Sequence
from random import Random

Point = tuple[float, float]
WIDTH, HEIGHT = 200, 300


def _circle(x: float, y: float, radius: float, css: str, opacity: float = 1.0) -> str:
    shown = "" if opacity == 1.0 else f' opacity="{opacity:.2f}"'
    return f'<circle class="{css}" cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}"{shown}/>'


def _ring(x: float, y: float, radius: float, stroke: float, opacity: float) -> str:
    return (
        f'<circle class="line" cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" '
        f'stroke-width="{stroke:.1f}" opacity="{opacity:.2f}"/>'
    )


def _polygon(points: Sequence[Point], css: str, opacity: float) -> str:
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    return f'<polygon class="{css}" points="{path}" opacity="{opacity:.2f}"/>'


def _bar(
    x: float, y: float, width: float, height: float, *, css: str = "light", opacity: float
) -> str:
    return (
        f'<rect class="{css}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'rx="{min(width, height) / 2:.0f}" opacity="{opacity:.2f}"/>'
    )


def _stars(random: Random, count: int) -> str:
    return "".join(
        _circle(
            random.uniform(6, 194),
            random.uniform(6, 190),
            random.choice((0.8, 1.2, 1.8)),
            "light",
            random.uniform(0.35, 0.9),
        )
        for _ in range(count)
    )


def _ridge(random: Random, top: float, roughness: float, opacity: float) -> str:
    """A jagged line of hills that fills everything below it."""
    points: list[Point] = [(0, HEIGHT), (0, top + random.uniform(-roughness, roughness))]
    x, up = 0.0, True
    while x < WIDTH:
        x += random.uniform(22, 44)
        points.append((x, top + (-roughness if up else roughness) * random.uniform(0.4, 1)))
        up = not up
    return _polygon([*points, (WIDTH + 44, HEIGHT)], "shade", opacity)


def _hill(random: Random, top: float, opacity: float) -> str:
    """One soft hill line that fills everything below it."""
    left, right = top + random.uniform(-22, 22), top + random.uniform(-22, 22)
    first, second = top + random.uniform(-46, 10), top + random.uniform(-10, 46)
    return (
        f'<path class="shade" opacity="{opacity:.2f}" d="M0 {HEIGHT}V{left:.0f}'
        f'C60 {first:.0f} 130 {second:.0f} {WIDTH} {right:.0f}V{HEIGHT}Z"/>'
    )


def orbit(random: Random) -> str:
    """Stars and a planet with its ring."""
    x, y, radius = random.uniform(70, 140), random.uniform(84, 124), random.uniform(34, 54)
    tilt = random.uniform(-38, 38)
    return (
        _stars(random, 26)
        + _circle(x, y, radius, "accent")
        + f'<path class="shade" opacity=".30" transform="rotate({tilt + 25:.0f} {x:.0f} {y:.0f})" '
        f'd="M{x:.0f} {y - radius:.0f}a{radius:.0f} {radius:.0f} 0 0 1 0 {2 * radius:.0f}Z"/>'
        f'<ellipse class="line" cx="{x:.0f}" cy="{y:.0f}" rx="{radius * 1.75:.0f}" '
        f'ry="{radius * 0.34:.0f}" stroke-width="4" opacity=".75" '
        f'transform="rotate({tilt:.0f} {x:.0f} {y:.0f})"/>'
        + _circle(random.uniform(20, 180), random.uniform(20, 60), random.uniform(4, 9), "light")
    )


def rays(random: Random) -> str:
    """A burst of light from behind the horizon."""
    x, y = random.uniform(60, 140), random.uniform(130, 170)
    wedges, turn = [], random.uniform(0, 0.2)
    n_wedges = random.choice((11, 13, 15))
    reach = 330.0
    for wedge in range(n_wedges):
        start = (wedge + turn) / n_wedges * 6.2832
        middle, end = _turned(x, y, reach, start), _turned(x, y, reach, start + 3.1416 / n_wedges)
        wedges.append(_polygon([(x, y), middle, end], "light", 0.16))
    radius = random.uniform(30, 46)
    return (
        "".join(wedges)
        + _circle(x, y, radius * 1.4, "light", 0.18)
        + _circle(x, y, radius, "accent")
    )


def _turned(x: float, y: float, reach: float, angle: float) -> Point:
    turned = complex(x, y) + reach * complex(2.718281828459045) ** (1j * angle)
    return turned.real, turned.imag


def petals(random: Random) -> str:
    """Two large overlapping discs, petals in the wind."""
    x = random.uniform(70, 130)
    drawn = [
        _circle(x - 26, 108, random.uniform(50, 62), "accent", 0.75),
        _circle(x + 30, 122, random.uniform(40, 56), "light", 0.35),
    ]
    for _ in range(13):
        left, top, size = random.uniform(8, 192), random.uniform(10, 215), random.uniform(4, 9)
        drawn.append(
            f'<path class="light" opacity="{random.uniform(0.4, 0.9):.2f}" '
            f'transform="translate({left:.0f} {top:.0f}) rotate({random.uniform(0, 360):.0f})" '
            f'd="M0 0C{size:.0f} {-size:.0f} {2 * size:.0f} {-size / 2:.0f} {2.4 * size:.0f} 0'
            f'C{2 * size:.0f} {size / 2:.0f} {size:.0f} {size:.0f} 0 0Z"/>'
        )
    return "".join(drawn)


def hills(random: Random) -> str:
    """The sun over soft hills."""
    sun = _circle(
        random.uniform(50, 150), random.uniform(70, 120), random.uniform(26, 42), "accent"
    )
    clouds = "".join(
        _bar(
            random.uniform(-20, 150),
            random.uniform(24, 120),
            random.uniform(46, 80),
            9,
            opacity=0.4,
        )
        for _ in range(3)
    )
    return (
        sun + clouds + _hill(random, 160, 0.16) + _hill(random, 190, 0.22) + _hill(random, 222, 0.3)
    )


def moon(random: Random) -> str:
    """A moon in mist over a dark wood."""
    x, y, radius = random.uniform(60, 140), random.uniform(74, 104), random.uniform(38, 56)
    mist = "".join(
        _bar(
            random.uniform(-40, 110), y + random.uniform(-34, 60), 120, 7, css="shade", opacity=0.28
        )
        for _ in range(4)
    )
    trees = "".join(
        _polygon([(left, 300), (left + width / 2, 300 - height), (left + width, 300)], "shade", 0.4)
        for left, width, height in (
            (random.uniform(-14, 190), random.uniform(22, 36), random.uniform(80, 150))
            for _ in range(11)
        )
    )
    return (
        _circle(x, y, radius * 1.35, "light", 0.14) + _circle(x, y, radius, "accent") + mist + trees
    )


def peaks(random: Random) -> str:
    """Mountain ranges one behind the other, under a small moon."""
    return (
        _stars(random, 12)
        + _circle(random.uniform(40, 160), random.uniform(44, 84), random.uniform(14, 24), "accent")
        + _ridge(random, 130, 34, 0.16)
        + _ridge(random, 168, 28, 0.24)
        + _ridge(random, 206, 20, 0.34)
    )


def waves(random: Random) -> str:
    """A sun disc behind waves in the old pattern of overlapping arcs."""
    drawn = [
        _circle(random.uniform(70, 130), random.uniform(86, 110), random.uniform(42, 56), "accent")
    ]
    size = random.choice((40, 50))
    for row in range(5):
        y = 178 + row * size * 0.45
        for column in range(-1, WIDTH // size + 1):
            x = column * size + (size / 2 if row % 2 else 0) + size / 2
            drawn.append(_circle(x, y + 10, size / 2, "shade", 0.5))
            drawn.extend(
                _ring(x, y + 10, size / 2 * part, 1.6, 0.35) for part in (0.95, 0.65, 0.35)
            )
    return "".join(drawn)


def lanes(random: Random) -> str:
    """The lanes of a track round a bend."""
    left = random.random() < 0.5
    x = -20 if left else WIDTH + 20
    bend = "".join(_ring(x, 250, 70 + 26 * lane, 10, 0.14 + 0.05 * lane) for lane in range(5))
    ball = _circle(
        WIDTH - 60 if left else 60, random.uniform(54, 90), random.uniform(18, 30), "accent"
    )
    return bend + ball


def bars(random: Random) -> str:
    """The bars of an equaliser."""
    count = random.choice((9, 11))
    step = (WIDTH - 24) / count
    drawn = []
    for bar in range(count):
        height = random.uniform(30, 150)
        css = "accent" if bar % 3 == 1 else "light"
        drawn.append(_bar(12 + bar * step, 200 - height, step * 0.6, height, css=css, opacity=0.8))
    return "".join(drawn)


def confetti(random: Random) -> str:
    """Discs, rings and paper strips, thrown."""
    drawn = []
    for _ in range(9):
        x, y, size = random.uniform(0, WIDTH), random.uniform(0, 190), random.uniform(8, 30)
        kind = random.randrange(3)
        if kind == 0:
            drawn.append(_circle(x, y, size, random.choice(("accent", "light")), 0.6))
        elif kind == 1:
            drawn.append(_ring(x, y, size, 5, 0.5))
        else:
            drawn.append(
                f'<g transform="rotate({random.uniform(0, 180):.0f} {x:.0f} {y:.0f})">'
                f"{_bar(x, y, size * 1.8, 7, opacity=0.7)}</g>"
            )
    return "".join(drawn)


def tiles(random: Random) -> str:
    """A wall of tiles, some lit."""
    size = 40
    drawn = []
    for row in range(5):
        for column in range(5):
            lit = random.random()
            css = "accent" if lit > 0.86 else "light"
            opacity = 0.9 if lit > 0.86 else lit * 0.32
            drawn.append(
                f'<rect class="{css}" x="{column * size + 2}" y="{row * size + 2}" '
                f'width="{size - 4}" height="{size - 4}" rx="4" opacity="{opacity:.2f}"/>'
            )
    return "".join(drawn)


def rings(random: Random) -> str:
    """Ripples around a point."""
    x, y = random.uniform(60, 140), random.uniform(80, 130)
    ripples = "".join(_ring(x, y, 24 + 22 * ripple, 3, 0.5 - 0.06 * ripple) for ripple in range(7))
    return ripples + _circle(x, y, random.uniform(12, 20), "accent")


MOTIFS: dict[str, Callable[[Random], str]] = {
    function.__name__: function
    for function in (
        orbit,
        rays,
        petals,
        hills,
        moon,
        peaks,
        waves,
        lanes,
        bars,
        confetti,
        tiles,
        rings,
    )
}
