"""Turn a trained RecommenderNet into what its serving stores.

The first layer is linear before its ReLU, so its half for the title can be computed once for
every title.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.fold_in import GaussianPrior
from ml.weights import RecommenderNetWeights


def scorer_arrays(weights: RecommenderNetWeights) -> dict[str, npt.NDArray[Any]]:
    """Fold the first layer into the titles' table; the result is what an artifact stores.

    With raters' vectors of d and layers of h1 and h2 units: ``item_hidden`` [n_items, h1] is
    ``item_embedding @ W1[:, d:].T + b1``, ``user_to_hidden`` [h1, d] is ``W1[:, :d]``.
    """
    users = weights["user_embedding.weight"]
    dim = users.shape[1]
    first = weights["hl1.weight"].astype(np.float64)
    items = weights["item_embedding.weight"].astype(np.float64)
    item_hidden = (items @ first[:, dim:].T + weights["hl1.bias"]).astype(np.float32)
    prior = GaussianPrior.of_sample(users[weights.user_count > 0].astype(np.float64))
    known_items = weights.item_count > 0
    return {
        "item_hidden": item_hidden,
        "user_embedding": users,
        "user_to_hidden": np.ascontiguousarray(weights["hl1.weight"][:, :dim]),
        "hidden_weight": weights["hl2.weight"],
        "hidden_bias": weights["hl2.bias"],
        "output_weight": weights["hl3.weight"][0],
        "output_bias": weights["hl3.bias"],
        "prior_mean": prior.mean,
        "prior_precision": prior.precision,
        "mean_item_hidden": item_hidden[known_items].mean(axis=0)
        if known_items.any()
        else weights["hl1.bias"],
        "residual_variance": np.asarray(weights.residual_variance, dtype=np.float64),
    }
