import torch

from ml.recommender_net import RecommenderNet


def test_the_reference_size_has_the_reference_number_of_parameters() -> None:
    with torch.device("meta"):
        net = RecommenderNet(73_515, 34_367)
    assert sum(parameter.numel() for parameter in net.parameters()) == 10_822_249


def test_the_parts_have_the_reference_names_and_shapes() -> None:
    net = RecommenderNet(5, 7)
    assert {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()} == {
        "user_embedding.weight": (5, 100),
        "item_embedding.weight": (7, 100),
        "hl1.weight": (128, 200),
        "hl1.bias": (128,),
        "hl2.weight": (64, 128),
        "hl2.bias": (64,),
        "hl3.weight": (1, 64),
        "hl3.bias": (1,),
    }


def test_a_batch_of_pairs_gives_a_row_of_predictions() -> None:
    predictions = RecommenderNet(5, 7)(torch.tensor([0, 4, 4]), torch.tensor([6, 0, 1]))
    assert predictions.shape == (3,)


def test_dropout_draws_from_the_given_generator_alone() -> None:
    net = RecommenderNet(5, 7).train()
    pair = torch.tensor([1]), torch.tensor([2])
    before = torch.random.get_rng_state()
    first, second = (
        net(*pair, generator=torch.Generator().manual_seed(seed)).item() for seed in (3, 3)
    )
    other = net(*pair, generator=torch.Generator().manual_seed(4)).item()
    assert first == second != other
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_a_generator_dropout_is_torchs_own() -> None:
    net = RecommenderNet(5, 7).train()
    pair = torch.tensor([1]), torch.tensor([2])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        predictions = {net(*pair).item() for _ in range(10)}
    assert len(predictions) > 1


def test_a_tenth_of_the_units_is_dropped_and_the_rest_scaled() -> None:
    net = RecommenderNet(5, 7).train()
    dropped = net._drop(torch.ones(100_000), torch.Generator().manual_seed(0))
    assert abs((dropped == 0).float().mean().item() - 0.1) < 0.01
    assert torch.allclose(dropped[dropped > 0], torch.tensor(1 / 0.9))


def test_evaluation_drops_nothing() -> None:
    net = RecommenderNet(5, 7).eval()
    pair = torch.tensor([1]), torch.tensor([2])
    assert net(*pair).item() == net(*pair).item()
