"""Augmentation: torchvision's formulas, drawn for each image by (seed, pass, row)."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torchvision.transforms import v2

from conjoin.data import Augmentation
from conjoin.data._augmentation import draws

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 12, 10), dtype=np.uint8))


def numbers(**given: float) -> torch.Tensor:
    """Draws of 0.5, but for those named."""
    names = ["flip", "down", "across", "brightness", "contrast", "saturation", "erase", "area", "ratio", "top", "left"]
    return torch.tensor([[given.get(name, 0.5) for name in names]]).repeat(6, 1)


def test_nothing_by_default() -> None:
    assert torch.equal(Augmentation().apply(IMAGES, numbers(flip=0, erase=0)), IMAGES)


def test_flip() -> None:
    given = numbers()
    given[:3, 0] = 0.1
    found = Augmentation(flip=0.5).apply(IMAGES, given)
    assert torch.equal(found[:3], IMAGES[:3].flip(-1))
    assert torch.equal(found[3:], IMAGES[3:])


def test_crop_of_the_padded_image() -> None:
    assert torch.equal(Augmentation(padding=2).apply(IMAGES, numbers()), IMAGES)  # the middle one of 5
    found = Augmentation(padding=2).apply(IMAGES, numbers(down=0, across=0.99))
    assert torch.equal(found[:, :, 2:, :-2], IMAGES[:, :, :-2, 2:])
    assert not found[:, :, :2].any()
    assert not found[..., -2:].any()


def test_colours_are_those_of_torchvision() -> None:
    expected = v2.functional.to_dtype(IMAGES, torch.float32, scale=True)
    augmentation = Augmentation(brightness=0.4, contrast=0.6, saturation=0.8)
    given = numbers(brightness=0.75, contrast=0.25, saturation=1)
    found, whole = augmentation.apply(expected, given), augmentation.apply(IMAGES, given)
    expected = v2.functional.adjust_brightness(expected, 1.2)
    expected = v2.functional.adjust_contrast(expected, 0.7)
    expected = v2.functional.adjust_saturation(expected, 1.8)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert whole.dtype == torch.uint8
    assert (whole - expected * 255).abs().max() < 0.51  # rounded once


def test_erased_rectangle() -> None:
    images = torch.ones(6, 1, 20, 20)
    given = numbers(erase=0.1, area=0, ratio=0.5, top=0, left=0.999)  # 8 pixels: 2.8 square
    given[0, 6] = 0.9
    found = Augmentation(erasing=0.5).apply(images, given)
    assert found[0].all()
    assert (found[1] == 0).nonzero()[:, 1:].unique(dim=0).tolist() == [[y, x] for y in range(3) for x in (17, 18, 19)]
    assert images.all()


def test_draws_are_a_function_of_seed_pass_and_row() -> None:
    several = draws(7, [0, 0, 1, 2**20], [3, 4, 3, 10**6])
    assert several.shape == (4, 11)
    assert torch.equal(draws(7, [1], [3])[0], several[2])
    assert len({tuple(row.tolist()) for row in (*several, *draws(8, [0, 0], [3, 4]))}) == 6


def test_draws_are_uniform() -> None:
    many = draws(0, [0] * 4000, range(4000))
    assert many.min() >= 0
    assert many.max() < 1
    assert (many.mean(0) - 0.5).abs().max() < 0.02
    assert (many.T.corrcoef() - torch.eye(11)).abs().max() < 0.06


def test_settings_are_strict() -> None:
    for wrong in ({"flip": 1.5}, {"padding": -1}, {"hue": 0.1}):
        with pytest.raises(ValidationError):
            Augmentation(**wrong)
