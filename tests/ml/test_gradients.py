import numpy as np
import pytest
import torch
from torch import Tensor

from ml.autograd_gradients import AutogradGradients
from ml.batches import Batch, LabelledRows
from ml.distributed import Ranks
from ml.gradients import UNDER_ROOT, FoldedGradients, Gradients
from ml.recommender_net import RecommenderNet
from tests.ml import samples

pytestmark = pytest.mark.usefixtures("one_thread")

ALONE = Ranks(0, 1, torch.device("cpu"))
LAYERS = ("hl1", "hl2", "hl3")
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 0.05}


def network(dropout: float) -> RecommenderNet:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return RecommenderNet(30, 40, embedding_dim=8, hidden=(16, 8), dropout=dropout)


def a_batch() -> Batch:
    rows = LabelledRows(samples.random_ratings(500), rows_per_batch=100, rows_per_rater=5)
    return rows.batch(next(rows.epoch(torch.Generator().manual_seed(0))))


def computed(
    gradients: FoldedGradients | AutogradGradients, net: RecommenderNet, batch: Batch
) -> tuple[Gradients, dict[str, Tensor]]:
    """The gradients of the embeddings, and of the layers by name."""
    gradients.start_epoch(torch.Generator().manual_seed(1))
    raters = net.user_embedding.weight.detach()[batch.raters]
    titles = net.item_embedding.weight.detach()[batch.titles]
    result = gradients(batch, raters, titles)
    named = {name: tensor.grad for name, tensor in net.named_parameters() if name[:3] in LAYERS}
    return result, {name: grad.clone() for name, grad in named.items() if grad is not None}


def rows_of(gradient: Tensor | None, rows: Tensor) -> Tensor:
    assert gradient is not None
    return gradient[rows]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("way", ["folded", "autograd"])
def test_gradients_are_those_of_the_plain_network(dtype: torch.dtype, way: str) -> None:
    net, batch = network(dropout=0.0), a_batch()
    error = net(batch.raters[batch.rater_of_row], batch.titles[batch.title_of_row]) - batch.score
    torch.autograd.backward(torch.sqrt(error.square().mean() + UNDER_ROOT))
    expected = {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}
    net.zero_grad()
    ours = (
        FoldedGradients(net, dtype, most_rows=len(batch))
        if way == "folded"
        else AutogradGradients(net, dtype, ALONE)
    )
    result, layers = computed(ours, net, batch)
    layers["user_embedding.weight"] = result.raters
    layers["item_embedding.weight"] = result.titles
    expected["user_embedding.weight"] = expected["user_embedding.weight"][batch.raters]
    expected["item_embedding.weight"] = expected["item_embedding.weight"][batch.titles]
    assert layers.keys() == expected.keys()
    for name, gradient in layers.items():
        assert gradient.dtype == torch.float32
        assert relative_error(gradient, expected[name]) < TOLERANCE[dtype], name
    squared_error = float(error.detach().double().square().sum())
    assert float(result.squared_error) == pytest.approx(squared_error, rel=TOLERANCE[dtype])


def test_dropout_is_that_of_the_plain_network() -> None:
    """With one mask for all rows, which torch can be given too."""
    net, batch = network(dropout=0.25), a_batch()
    gradients = FoldedGradients(net, torch.float32, most_rows=len(batch))
    computed(gradients, net, batch)
    masks = [store[:1].clone() for store in gradients._masks]
    for store, mask in zip(gradients._masks, masks, strict=True):
        store.copy_(mask.expand_as(store))
    raters = net.user_embedding.weight.detach()[batch.raters]
    titles = net.item_embedding.weight.detach()[batch.titles]
    result = gradients(batch, raters, titles)
    actual = {name: tensor.grad for name, tensor in net.named_parameters() if name[:3] in LAYERS}
    net.zero_grad()
    joined = torch.cat(
        (
            net.user_embedding(batch.raters[batch.rater_of_row]),
            net.item_embedding(batch.titles[batch.title_of_row]),
        ),
        dim=1,
    )
    hidden = torch.relu(net.hl1(joined)) * masks[0] / 0.75
    hidden = torch.relu(net.hl2(hidden)) * masks[1] / 0.75
    loss = torch.sqrt((net.hl3(hidden).squeeze(1) - batch.score).square().mean() + UNDER_ROOT)
    torch.autograd.backward(loss)
    expected = {name: tensor.grad for name, tensor in net.named_parameters()}
    actual["user_embedding.weight"] = result.raters
    expected["user_embedding.weight"] = rows_of(expected["user_embedding.weight"], batch.raters)
    actual["item_embedding.weight"] = result.titles
    expected["item_embedding.weight"] = rows_of(expected["item_embedding.weight"], batch.titles)
    for name, gradient in expected.items():
        found = actual[name]
        assert gradient is not None
        assert found is not None
        assert relative_error(found, gradient) < 1e-5, name


def test_masks_drop_the_configured_share_and_differ_between_batches() -> None:
    net = network(dropout=0.25)
    gradients = FoldedGradients(net, torch.float32, most_rows=2000)
    gradients.start_epoch(torch.Generator().manual_seed(0))
    first, second = torch.ones(2000, 16), torch.ones(2000, 16)
    gradients._drop(0, first)
    gradients._drop(0, second)
    assert set(first.flatten().tolist()) == {0.0, 1.0}
    assert float(first.mean()) == pytest.approx(0.75, abs=0.01)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("way", ["folded", "autograd"])
def test_a_batch_fitted_exactly_has_a_gradient(way: str) -> None:
    net, batch = network(dropout=0.0), a_batch()
    with torch.no_grad():
        net.hl3.weight.zero_()
        net.hl3.bias.zero_()
    batch.score.zero_()
    ours = (
        FoldedGradients(net, torch.float32, most_rows=len(batch))
        if way == "folded"
        else AutogradGradients(net, torch.float32, ALONE)
    )
    result, layers = computed(ours, net, batch)
    assert all(np.isfinite(gradient.numpy()).all() for gradient in layers.values())
    assert float(result.raters.abs().max()) == 0.0
