"""Rows in blocks, and the two tables that gradient steps change: the fit without its stopping.

Raters and titles are put in random order and cut into :data:`N_PARTS` parts of about as many rows
each. A block is the rows of a part of the raters and a part of the titles; in each of an epoch's
rounds the blocks share neither, so threads need no locks and no thread count changes the result
(Gemulla et al., KDD 2011).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data import Ratings
from ml.sgd_factorisation import SgdFactorisation
from ml.sgd_factorisation_config import SgdFactorisationConfig
from ml.sgd_steps import N_FACTORS, RATER_BIAS, TITLE_BIAS, WIDTH, sweep

FloatArray = npt.NDArray[np.float32]
Int64Array = npt.NDArray[np.int64]
Tables = tuple[FloatArray, FloatArray]

N_PARTS: Final = 4


@dataclass(frozen=True, eq=False)
class _Block:
    """The rows of some raters and some titles.

    Attributes:
        raters: places of the raters in their table.
        titles: places of the titles in theirs.
        starts: [n_raters + 1], where each rater's rows start.
        item: uint16 or int32 [n], the title, counted from the block's first one.
        score: int8 [n].
    """

    raters: slice
    titles: slice
    starts: Int64Array
    item: npt.NDArray[np.integer[Any]]
    score: npt.NDArray[np.int8]


class SgdState:
    """What a fit changes.

    Args:
        scored: rows to learn from.
        config: settings.
    """

    def __init__(self, scored: Ratings, config: SgdFactorisationConfig) -> None:
        self.config = config
        self.n_rows = len(scored)
        self._mean = np.float32(scored.score.mean(dtype=np.float64))
        generator = np.random.default_rng(config.seed)
        self._raters = _Side.of(scored.user_index, scored.n_users, config, generator, RATER_BIAS)
        self._titles = _Side.of(scored.item_index, scored.n_items, config, generator, TITLE_BIAS)
        self._blocks = _blocks(scored, self._raters, self._titles)

    def epoch(self, n_before: int, pool: ThreadPoolExecutor, ask: Callable[[], None]) -> float:
        """Go over all rows once; return the RMSE met on the way.

        Args:
            n_before: number of epochs before this one, which sets the rates.
            pool: threads.
            ask: called before each round; may raise.
        """
        decay = self.config.rate_decay**n_before
        steps = (
            *self._steps(self.config.rater_weight_decay, decay, RATER_BIAS, TITLE_BIAS),
            *self._steps(self.config.title_weight_decay, decay, TITLE_BIAS, RATER_BIAS),
        )

        def learn(block: _Block) -> float:
            raters, titles = self._raters.table[block.raters], self._titles.table[block.titles]
            rows = block.starts, block.item, block.score
            return float(sweep(raters, titles, *rows, self._mean, *steps))

        squares = 0.0
        for turn in range(N_PARTS):
            ask()
            apart = [
                self._blocks[part][(part + turn + n_before) % N_PARTS] for part in range(N_PARTS)
            ]
            squares += sum(pool.map(learn, apart))
        return float(np.sqrt(squares / self.n_rows))

    def _steps(self, pull: float, decay: float, bias: int, one: int) -> Tables:
        """Return what is kept of a side's row at each step, and its rates, both [WIDTH]."""
        rate = np.full(WIDTH, self.config.factor_rate * decay)
        rate[bias], rate[one] = self.config.bias_rate * decay, 0
        pulls = np.full(WIDTH, pull)
        pulls[bias] = self.config.bias_weight_decay
        return (1 - rate * pulls).astype(np.float32), rate.astype(np.float32)

    def predict(self, rows: Ratings) -> FloatArray:
        """Return what the present tables predict for rows, float32 [n]."""
        raters = self._raters.table[self._raters.place[rows.user_index]]
        titles = self._titles.table[self._titles.place[rows.item_index]]
        return np.asarray(np.einsum("ij,ij->i", raters, titles) + self._mean)

    def learnt(self) -> Tables:
        """Return a copy of the tables."""
        return self._raters.table.copy(), self._titles.table.copy()

    def model(self, learnt: Tables, pool: ThreadPoolExecutor) -> SgdFactorisation:
        """Return the model of tables; raters and titles without rows have nothing but zeros."""
        raters = self._raters.in_order(learnt[0])
        titles = np.pad(self._titles.in_order(learnt[1]), ((0, 1), (0, 0)))
        return SgdFactorisation(
            {
                "user_vectors": np.roll(raters[:, : N_FACTORS + 1], 1, axis=1),
                "title_factors": np.ascontiguousarray(titles[:, :N_FACTORS]),
                "title_bias": titles[:, TITLE_BIAS].copy(),
                "mean": np.asarray(self._mean, dtype=np.float64),
                "bias_weight_decay": np.asarray(self.config.bias_weight_decay),
                "factor_weight_decay": np.asarray(self.config.rater_weight_decay),
                "fold_in_rows": np.asarray(self.config.fold_in_rows),
            }
        )


@dataclass(frozen=True, eq=False)
class _Side:
    """Raters or titles.

    Attributes:
        place: [n], where each one's row is in the table.
        bounds: [N_PARTS + 1], where the parts start in it.
        table: float32 [n, WIDTH].
        known: bool [n], who has rows.
    """

    place: Int64Array
    bounds: Int64Array
    table: FloatArray
    known: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        index: npt.NDArray[np.int32],
        size: int,
        config: SgdFactorisationConfig,
        generator: np.random.Generator,
        bias: int,
    ) -> "_Side":
        place = generator.permutation(size)
        count = np.bincount(index, minlength=size)
        ordered = np.empty_like(count)
        ordered[place] = count
        before = np.concatenate([[0], np.cumsum(ordered)])
        bounds = np.searchsorted(before, np.arange(N_PARTS + 1) * len(index) / N_PARTS)
        bounds[0], bounds[-1] = 0, size
        table = np.ones((size, WIDTH), dtype=np.float32)
        table[:, :N_FACTORS] = generator.normal(0, config.first_spread, (size, N_FACTORS))
        table[:, bias] = 0
        return cls(place, bounds, table, count > 0)

    def part(self, number: int) -> slice:
        """Return the places of a part."""
        return slice(int(self.bounds[number]), int(self.bounds[number + 1]))

    def parts(self) -> Int64Array:
        """Return the part of each place [n]."""
        return np.repeat(np.arange(N_PARTS), np.diff(self.bounds))

    def in_order(self, table: FloatArray) -> FloatArray:
        """Return a table's rows in their order outside, zeros for those without rows."""
        found: FloatArray = table[self.place]
        found[~self.known] = 0
        return found


def _blocks(scored: Ratings, raters: _Side, titles: _Side) -> list[list[_Block]]:
    """Return the blocks by part of the raters and part of the titles.

    In a block the rows are by rater, and of a rater by the titles' random places, which are in the
    processor's cache one after the other.
    """
    user, item = raters.place[scored.user_index], titles.place[scored.item_index]
    block = raters.parts()[user] * N_PARTS + titles.parts()[item]
    # One number a row sorts several times as fast as several columns; 16 is above every score.
    packed = ((block * scored.n_users + user) * scored.n_items + item) * 16 + scored.score
    packed.sort()
    packed, score = packed >> 4, (packed & 15).astype(np.int8)
    pair, item = packed // scored.n_items, packed % scored.n_items
    found: list[list[_Block]] = []
    for part in range(N_PARTS):
        found.append([])
        places = np.arange(raters.bounds[part], raters.bounds[part + 1] + 1)
        for other in range(N_PARTS):
            starts = np.searchsorted(pair, (part * N_PARTS + other) * scored.n_users + places)
            rows = slice(int(starts[0]), int(starts[-1]))
            own = titles.part(other)
            local = item[rows] - own.start
            small = own.stop - own.start <= np.iinfo(np.uint16).max + 1
            found[-1].append(
                _Block(
                    raters.part(part),
                    own,
                    starts - starts[0],
                    local.astype(np.uint16 if small else np.int32),
                    score[rows].copy(),
                )
            )
    return found
