"""Which titles to ask a newcomer about: known to many, telling, and unlike each other.

A newcomer's vector has the prior of the factorisation. To learn the score of a title narrows it;
how much better all other scores can be predicted then is known before anybody answers, since in a
linear Gaussian model it does not depend on the answer (the transductive experimental design of Yu,
Bi & Tresp, "Active learning via transductive experimental design", ICML 2006). A question about a
title that the person does not know tells nothing, so a title is worth this gain times a power of
the chance that it is known (Rashid et al., "Getting to know you", IUI 2002, weigh popularity and
entropy in this way). Titles are taken greedily: each one narrows the prior by its chance of being
known, so that the next one asks about something else, and one of the same genres and type as one
taken before is worth less.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from ml.errors import DataError
from ml.matrix_factorisation import MatrixFactorisation

FloatArray = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]

KNOWN_POWER: Final = 4.0
"""To which power the chance of being known counts; benchmarks/onboarding.py compares some."""
LIKENESS_COST: Final = 0.8
"""The share of its worth that a title loses which has all features of one taken before."""
TASTE_SHARE: Final = 0.5
"""How far what was scored moves the chances of being known, from 0 to 1."""
_SMALLEST_NOISE: Final = 1e-6
_SMALLEST_CHANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Questions:
    """Titles as questions, and what is known of a person before the first one.

    Attributes:
        vectors: float64 [n, d], a score is the dot product with the person's vector, and noise.
        noise: float64 [n], the variance of that noise, above 0.
        covariance: float64 [d, d], the prior covariance of a person's vector.

    Raises:
        DataError: the shapes do not fit one another.
    """

    vectors: FloatArray
    noise: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        n, d = self.vectors.shape
        if self.noise.shape != (n,) or self.covariance.shape != (d, d):
            raise DataError(
                f"{n} vectors of {d} need {n} noises and a covariance [{d}, {d}], not "
                f"{self.noise.shape} and {self.covariance.shape}."
            )

    @classmethod
    def of_factorisation(cls, model: MatrixFactorisation) -> Self:
        """The titles with a row in a factorisation; the level is the vector's last place."""
        arrays, n = model.arrays(), model.n_items
        vectors = np.column_stack([arrays["title_factors"][:n], np.ones(n)]).astype(np.float64)
        noise = float(arrays["noise_variance"]) * arrays["title_noise"][:n].astype(np.float64)
        covariance = np.linalg.inv(arrays["prior_precision"].astype(np.float64))
        return cls(vectors, np.maximum(noise, _SMALLEST_NOISE), covariance)

    @classmethod
    def of_features(cls, features: npt.NDArray[np.number]) -> Self:
        """Titles of which only genres and types are known, 0 or 1 in [n, f].

        For want of scores every feature counts alike, and the noise of a score as much as all
        features of a title together.
        """
        n, f = features.shape
        return cls(np.column_stack([_unit(features), np.ones(n)]), np.ones(n), np.eye(f + 1))

    def after(self, rows: npt.NDArray[np.integer]) -> FloatArray:
        """The covariance once these titles are scored, float64 [d, d]."""
        own = self.vectors[rows]
        precision = np.linalg.inv(self.covariance) + (own / self.noise[rows, None]).T @ own
        return np.asarray(np.linalg.inv(precision))


@dataclass(frozen=True, eq=False)
class Elicitation:
    """What is the same for every newcomer.

    Attributes:
        questions: of n titles.
        known: float64 [n], the share of people who know each title; it is also how much its
            prediction matters.
        may_ask: bool [n], the titles that can be asked about.
        group: int64 [n], a number for each franchise: of one at most one title is asked about.
        features: [n, f] of 0 and 1, by which titles are alike.
    """

    questions: Questions
    known: FloatArray
    may_ask: npt.NDArray[np.bool_]
    group: Int64Array
    features: npt.NDArray[np.number]

    def next_titles(
        self,
        n: int,
        *,
        scored: npt.NDArray[np.integer],
        asked: npt.NDArray[np.integer],
        relevance: npt.NDArray[np.floating] | None = None,
        power: float = KNOWN_POWER,
        likeness_cost: float = LIKENESS_COST,
    ) -> Int64Array:
        """Return the rows of up to n titles to ask about next, the most telling first.

        Args:
            n: how many.
            scored: rows of the titles that the person has scored.
            asked: rows of all titles that are not to come again, nor others of their franchises.
            relevance: [n] of every title to somebody who has watched what is scored, whatever the
                scores; None before there is anything.
            power: see KNOWN_POWER.
            likeness_cost: see LIKENESS_COST.
        """
        chance = self.known if relevance is None else _moved(self.known, relevance)
        worth = np.where(self.may_ask, chance, 0.0) ** power
        worth[np.isin(self.group, self.group[np.concatenate([scored, asked])])] = 0.0
        covariance = self.questions.after(scored) if len(scored) else self.questions.covariance
        return self._greedy(n, worth, chance, covariance.copy(), likeness_cost)

    def _greedy(
        self,
        n: int,
        worth: FloatArray,
        chance: FloatArray,
        covariance: FloatArray,
        likeness_cost: float,
    ) -> Int64Array:
        candidates = np.flatnonzero(worth > 0)
        vectors, noise = self.questions.vectors[candidates], self.questions.noise[candidates]
        unit, group = _unit(self.features[candidates]), self.group[candidates]
        worth, chance = worth[candidates], chance[candidates]
        root = self._importance
        nearest = np.zeros(len(candidates))
        chosen: list[int] = []
        while len(chosen) < n and worth.any():
            # What an answer adds to the predictions of all is |rootᵀ C v|² / (vᵀ C v + noise).
            own = vectors @ covariance
            spread = np.einsum("ij,ij->i", own, vectors) + noise
            gain = np.square(own @ root).sum(axis=1) / spread
            best = int(np.argmax(worth * gain * (1 - likeness_cost * nearest)))
            chosen.append(best)
            covariance -= chance[best] * np.outer(own[best], own[best]) / spread[best]
            np.maximum(nearest, unit @ unit[best], out=nearest)
            worth = np.where(group == group[best], 0.0, worth)
        return candidates[chosen].astype(np.int64)

    @cached_property
    def _importance(self) -> FloatArray:
        """A root [d, d] of the sum of the titles' squares, each as often as it is known."""
        vectors = self.questions.vectors
        values, directions = np.linalg.eigh((vectors * self.known[:, None]).T @ vectors)
        return np.asarray(directions * np.sqrt(np.maximum(values, 0.0)))


def _moved(known: FloatArray, relevance: npt.NDArray[np.floating]) -> FloatArray:
    """The chances, drawn to those that the same shares would have in the order of relevance."""
    by_taste = np.empty_like(known)
    by_taste[np.argsort(-relevance, kind="stable")] = np.sort(known)[::-1]
    base = np.maximum(known, _SMALLEST_CHANCE) ** (1 - TASTE_SHARE)
    return np.asarray(base * np.maximum(by_taste, _SMALLEST_CHANCE) ** TASTE_SHARE)


def _unit(features: npt.NDArray[np.number]) -> FloatArray:
    values = np.asarray(features, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1.0))
