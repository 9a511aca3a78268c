"""The reference system's network, unchanged in shape and names."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class RecommenderNet(nn.Module):
    """Predicts the score of (rater, title) pairs from one embedding of each.

    Two embeddings are joined and go through layers of 128, 64 and 1 units with ReLU and dropout
    between. With 73,515 raters and 34,367 titles it has 10,822,249 parameters. The initial weights
    are torch's own.

    Args:
        n_users: rows of the raters' table.
        n_items: rows of the titles' table.
        embedding_dim: length of each embedding.
        hidden: widths of the two hidden layers.
        dropout: share of hidden units dropped in training.
    """

    def __init__(
        self,
        n_users: int,
        n_items: int,
        embedding_dim: int = 100,
        hidden: tuple[int, int] = (128, 64),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        first, second = hidden
        self.user_embedding = nn.Embedding(n_users, embedding_dim)
        self.item_embedding = nn.Embedding(n_items, embedding_dim)
        self.hl1 = nn.Linear(2 * embedding_dim, first)
        self.hl2 = nn.Linear(first, second)
        self.hl3 = nn.Linear(second, 1)
        self.dropout = dropout

    def forward(
        self, user_index: Tensor, item_index: Tensor, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return predicted scores, float [batch], not clipped.

        Args:
            user_index: int [batch], rows of the raters.
            item_index: int [batch], rows of the titles.
            generator: draws the dropout masks in training mode; None means torch's global one.
        """
        joined = torch.cat(
            (self.user_embedding(user_index), self.item_embedding(item_index)), dim=1
        )
        hidden = self._drop(torch.relu(self.hl1(joined)), generator)
        hidden = self._drop(torch.relu(self.hl2(hidden)), generator)
        predictions: Tensor = self.hl3(hidden).squeeze(1)
        return predictions

    def _drop(self, hidden: Tensor, generator: torch.Generator | None) -> Tensor:
        """Apply inverted dropout with a mask that the caller's generator can repeat."""
        if not self.training or self.dropout == 0:
            return hidden
        if generator is None:
            return functional.dropout(hidden, self.dropout)
        keep = 1 - self.dropout
        mask = torch.empty_like(hidden).bernoulli_(keep, generator=generator)
        return hidden * mask.div_(keep)
