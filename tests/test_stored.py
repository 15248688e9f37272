"""Images read from disk: the same answers as images in memory, whatever the number of images."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from conjoin.data import AnnotatedImages, Images, Preprocessing, StoredImages
from conjoin.data import _preprocessing as preprocessing_module

from .stored import encoded, table

ROOT = Path(__file__).parents[1]
SIZE = Preprocessing(size=(10, 8))


def in_memory(stored: StoredImages) -> AnnotatedImages:
    whole = stored.__getitems__(range(len(stored)))
    source = torch.zeros(len(stored), dtype=torch.long)
    for number, rows in stored.sources().items():
        source[rows.long()] = number
    return AnnotatedImages(whole.images, whole.annotations, source, whole.set_aside)


def test_pixels_and_annotations_are_those_of_the_table() -> None:
    stored = StoredImages(table(), Preprocessing(size=(10, 8), mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1)))
    batch = stored.__getitems__([11, 1])
    pixels = np.random.default_rng(11).integers(0, 256, (10, 8, 3), dtype=np.uint8)
    expected = (pixels / 255 - 0.5) / [0.25, 0.5, 1]
    np.testing.assert_allclose(batch.images[0].permute(1, 2, 0), expected, atol=1e-6)
    assert batch.images.dtype == torch.float32
    assert {name: a.tolist() for name, a in batch.annotations.items() if name != "soft"} == {
        "kind": [-1, 1],
        "marks": [[1, -1], [-1, -1]],
    }
    assert batch.annotations["soft"].nan_to_num(-1).tolist() == [[0.25, 0.75], [-1, -1]]
    assert {name: a.dtype for name, a in batch.annotations.items()} == {
        "kind": torch.int64,
        "marks": torch.int64,
        "soft": torch.float32,
    }


@pytest.mark.parametrize("name", ["kind", "marks", "soft"])
def test_the_same_answers_as_images_in_memory(name: str) -> None:
    stored = StoredImages(table(), SIZE, set_aside=torch.arange(12) % 4 == 0)
    memory = in_memory(stored)
    for one, two in ((stored, memory), (stored.annotated(name), memory.annotated(name))):
        assert isinstance(one, Images)
        assert isinstance(two, Images)
        assert len(one) == len(two)
        assert one.channels == two.channels == 3
        assert torch.equal(one.set_aside, two.set_aside)
        assert [rows.tolist() for rows in one.sources().values()] == [rows.tolist() for rows in two.sources().values()]
        torch.testing.assert_close(one.annotation(name), two.annotation(name), equal_nan=True)
        rows = list(range(len(one)))[::-1]
        for batch, other in ((one.__getitems__(rows), two.__getitems__(rows)), (one[0], two[0])):
            assert torch.equal(batch.images, other.images)
            assert list(batch.annotations) == list(other.annotations)
            assert torch.equal(batch.set_aside, other.set_aside)
            torch.testing.assert_close(batch.annotations[name], other.annotations[name], equal_nan=True)


def test_images_of_several_sizes_are_brought_to_one(tmp_path: Path) -> None:
    sizes = [(20, 16), (10, 8), (20, 16), (7, 30)]
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.png").write_bytes(encoded(number, size))
    paths = [{"bytes": None, "path": str(tmp_path / f"{number}.png")} for number in range(4)]
    images = SIZE.read(paths)
    assert images.shape == (4, 3, 10, 8)
    for number, size in enumerate(sizes):
        alone = SIZE.read([{"bytes": encoded(number, size), "path": None}])
        assert torch.equal(images[number], alone[0])
        pixels = Image.open(tmp_path / f"{number}.png").resize((8, 10), Image.Resampling.BILINEAR)
        assert (alone[0].permute(1, 2, 0).int() - torch.tensor(np.array(pixels)).int()).abs().max() <= 1  # rounding


def test_a_cache_ends_decoding_and_follows_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = StoredImages(table(), SIZE)
    expected = plain.__getitems__(range(12)).images
    kinds = plain.annotated("kind").__getitems__([2, 0]).images
    assert torch.equal(plain.cached(tmp_path, workers=2).__getitems__(range(12)).images, expected)
    (file,) = tmp_path.glob("*.npy")
    other_size = StoredImages(table(), Preprocessing(size=(5, 8))).cached(tmp_path)
    assert other_size[0].images.shape == (1, 3, 5, 8)
    changed = table(12).select([1, *range(1, 12)])
    assert torch.equal(StoredImages(changed, SIZE).cached(tmp_path)[0].images[0], expected[1])
    assert len(list(tmp_path.glob("*.npy"))) == 3
    assert not list(tmp_path.glob("*.part"))

    def no_decoding(_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(preprocessing_module, "decode", no_decoding)
    written = file.stat().st_mtime_ns
    again = StoredImages(table(), Preprocessing(size=(10, 8), mean=(0, 0, 0))).cached(tmp_path)  # no new pixels
    assert file.stat().st_mtime_ns == written
    assert again[3].images.min() >= 0
    assert torch.equal(plain.cached(tmp_path).annotated("kind").__getitems__([2, 0]).images, kinds)
    assert torch.equal(plain.annotated("kind").cached(tmp_path).__getitems__([2, 0]).images, kinds)
    with pytest.raises(AssertionError, match="decoded again"):
        plain[0]


def test_a_file_that_changed_is_decoded_again(tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    rows = table(1).remove_columns("image").add_column("image", [{"bytes": None, "path": str(file)}])
    found = []
    for number in (1, 2):
        file.write_bytes(encoded(number))
        os.utime(file, ns=(number, number))
        found.append(StoredImages(rows, SIZE).cached(tmp_path / "cache")[0].images)
    assert not torch.equal(*found)


def test_a_cache_that_cannot_be_filled_leaves_nothing(tmp_path: Path) -> None:
    images = [{"bytes": b"no image" if i == 3 else encoded(i), "path": None} for i in range(4)]
    broken = table(4).remove_columns("image").add_column("image", images)
    for workers in (0, 1):
        with pytest.raises(ValueError, match=r"Row 3: `image` should be a whole picture .* begin with b'no image'"):
            StoredImages(broken, SIZE).cached(tmp_path, workers=workers)
    with pytest.raises(ValueError, match="Row 3: "):
        StoredImages(broken.select([0, 3, 1, 2]).select([0, 2, 3, 1]), SIZE)[3]
    assert not list(tmp_path.glob("*.npy")) + list(tmp_path.glob("*.part"))


def test_workers_are_sent_no_pixels(tmp_path: Path) -> None:
    big = table(64, (40, 40))
    big.save_to_disk(tmp_path / "table")
    stored = StoredImages(datasets.load_from_disk(tmp_path / "table"), Preprocessing(size=(64, 64)))
    cached = stored.cached(tmp_path)
    expected = cached[5].images
    sent = pickle.dumps(cached)
    assert len(sent) < 20_000  # the pixels are 786,432 bytes
    assert torch.equal(pickle.loads(sent)[5].images, expected)


def test_messages(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Row 41: `image` should have bytes or a path. Found neither"):
        SIZE.read([{"bytes": None, "path": None}], [41])
    missing = [{"bytes": None, "path": str(tmp_path / "gone.jpg")}]
    with pytest.raises(ValueError, match=r"Row 0: `image` should be an existing file. Found none at .*gone\.jpg"):
        StoredImages(table(1).remove_columns("image").add_column("image", missing), SIZE)[0]
    with pytest.raises(ValueError, match=r"`table` should have columns 'image' and 'source', and 'task:.*\['source'\]"):
        StoredImages(table().select_columns(["source"]), SIZE)
    with pytest.raises(ValueError, match=r"`set_aside` should have an entry for each image, 12. Found 3"):
        StoredImages(table(), SIZE, set_aside=torch.zeros(3, dtype=torch.bool))
    with pytest.raises(IndexError, match=r"below the number of images, 3. Found 3"):
        StoredImages(table(), SIZE).annotated("kind")[3]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="anonymous memory is read from /proc")
def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    """180,000 rows more take about 12 bytes each: no annotation and no image stays in memory."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "loading.py", "--memory", "200000", "--folder", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200,000 rows" in done.stdout
