import pytest
import torch

from ml.devices import resolve_device, resolve_precision, torch_threads
from ml.errors import ConfigError, DeviceUnavailable


def test_the_cpu_is_always_there() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a card")
def test_a_card_that_is_not_there_is_a_typed_failure() -> None:
    with pytest.raises(DeviceUnavailable, match="CUDA"):
        resolve_device("cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError, match="tpu"):
        resolve_device("tpu")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, torch.bfloat16),
        ({"avx2": True}, torch.float32),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert resolve_precision("auto", "cpu") == expected
    assert resolve_precision("float32", "cpu") == torch.float32
    assert resolve_precision("bfloat16", "cpu") == torch.bfloat16


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ConfigError, match="float8"):
        resolve_precision("float8", "cpu")


def test_the_number_of_threads_is_put_back_after_a_failure() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), torch_threads(before + 1):
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
