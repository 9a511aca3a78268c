import math

import pytest
import torch

from ml.row_optimizer import RowOptimizer

RATE = 0.01


def table() -> torch.Tensor:
    return torch.arange(1.0, 9.0).reshape(4, 2)


def test_a_step_moves_the_rows_it_is_given_and_no_other() -> None:
    rows = table()
    optimizer = RowOptimizer(rows)
    chosen = torch.tensor([1, 3])
    gradient = torch.tensor([[5.0, -5.0], [0.1, 0.0]])
    optimizer.step(chosen, optimizer.read(chosen), gradient, RATE)
    # A first gradient is as large as is usual for it, so each element moves by the rate.
    moved = torch.tensor([[0, 0], [-RATE, RATE], [0, 0], [-RATE, 0]])
    assert torch.allclose(rows, table() + moved, atol=1e-6)


def test_steps_are_those_of_adam_without_momentum() -> None:
    """On a row that every step touches, torch's Adam with beta 1 of 0 does the same."""
    generator = torch.Generator().manual_seed(0)
    ours, theirs = table(), torch.nn.Parameter(table())
    optimizer = RowOptimizer(ours)
    adam = torch.optim.Adam([theirs], lr=RATE, betas=(0.0, 0.999))
    every = torch.arange(4)
    for _ in range(50):
        gradient = torch.randn(4, 2, generator=generator)
        optimizer.step(every, optimizer.read(every), gradient, RATE)
        theirs.grad = gradient
        adam.step()
    assert torch.allclose(ours, theirs.detach(), atol=1e-5)


def test_missed_decay_is_made_up_for_when_a_row_is_read() -> None:
    rows = table()
    optimizer = RowOptimizer(rows)
    touched, nothing = torch.tensor([0]), torch.zeros(1, 2)
    optimizer.shrink(math.log(0.5))
    optimizer.step(touched, optimizer.read(touched), nothing, RATE)
    optimizer.shrink(math.log(0.1))
    assert optimizer.read(torch.tensor([0, 2])).tolist() == [
        pytest.approx([0.05, 0.1]),
        pytest.approx([0.25, 0.3]),
    ]
    optimizer.settle()
    assert torch.allclose(rows, table() * 0.05)
    optimizer.settle()
    assert torch.allclose(rows, table() * 0.05)


def test_a_restored_optimizer_goes_on_to_the_bit() -> None:
    generator = torch.Generator().manual_seed(0)

    def steps(optimizer: RowOptimizer, n_steps: int) -> None:
        for _ in range(n_steps):
            rows = torch.randperm(4, generator=generator)[:2]
            gradient = torch.randn(2, 2, generator=generator)
            optimizer.step(rows, optimizer.read(rows), gradient, RATE)
            optimizer.shrink(-0.1)
        optimizer.settle()

    first = table()
    optimizer = RowOptimizer(first)
    steps(optimizer, 5)
    second = first.clone()
    restored = RowOptimizer(second)
    restored.restore({name: tensor.clone() for name, tensor in optimizer.state().items()})
    state = generator.get_state()
    steps(optimizer, 5)
    generator.set_state(state)
    steps(restored, 5)
    assert torch.equal(first, second)


def test_a_state_of_another_shape_is_refused() -> None:
    state = RowOptimizer(torch.zeros(3, 2)).state()
    with pytest.raises(RuntimeError):
        RowOptimizer(table()).restore(state)
