"""CelebA: what is easily got wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conjoin.datasets import celeba, read_archive
from conjoin.miniatures import write_miniature


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_miniature("celeba", tmp_path / "CelebA", images=20)
    return tmp_path / "CelebA"


def rewrite(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def attributes(root: Path) -> Callable[..., None]:
    return lambda *lines: rewrite(root / "Anno" / "list_attr_celeba.txt", *lines)


def test_repeated_spaces_and_signs_by_hand(root: Path, attributes: Callable[..., None]) -> None:
    attributes("2", "Bald  Smiling ", "000001.jpg -1  1", "000002.jpg  1 -1  ")
    rewrite(root / "Eval" / "list_eval_partition.txt", "000001.jpg 2", "000002.jpg 1")
    archive = celeba(root)
    assert archive.outputs == {"attributes": ("Bald", "Smiling")}
    assert archive.frame.select("image", "split", "group", "attributes:Bald", "attributes:Smiling").rows() == [
        (str(root / "Img" / "img_align_celeba" / "000001.jpg"), "test", None, 0, 1),
        (str(root / "Img" / "img_align_celeba" / "000002.jpg"), "validation", None, 1, 0),
    ]


def test_forty_attributes_in_every_split_with_both_values(tmp_path: Path) -> None:
    write_miniature("celeba", tmp_path / "made")
    archive = celeba(tmp_path / "made")
    assert len(archive.outputs["attributes"]) == 40
    for split in ("train", "validation", "test"):
        part = archive.frame.filter(split=split)
        assert all(part[column].n_unique() == 2 for column in archive.columns("attributes").values()), split


def test_a_person_in_two_parts_is_no_group(root: Path) -> None:
    archive = celeba(root)
    assert archive.frame["group"].to_list() == [None] * 5 + ["2897"] * 5 + ["2914"] * 5 + ["2931"] * 5
    assert "1 people are in several official splits; their images belong to no group." in archive.notes
    assert "identity" not in archive.outputs


def test_closed_set_has_identity_and_no_official_splits(root: Path) -> None:
    archive = celeba(root, closed_set=True)
    assert archive.outputs["identity"] == ("2880", "2897", "2914", "2931")
    assert not {"split", "group"} & set(archive.frame.columns)
    assert "official splits, not each with all of them, are left out" in " ".join(archive.notes)


def test_people_with_few_images_have_no_identity_but_attributes(root: Path) -> None:
    (root / "Img" / "img_align_celeba" / "000020.jpg").unlink()
    archive = celeba(root, closed_set=True, min_images=5)
    assert archive.outputs["identity"] == ("2880", "2897", "2914")
    assert archive.frame["identity"].null_count() == 4
    assert archive.frame["attributes:Smiling"].null_count() == 0
    with pytest.raises(ValueError, match="Option 'min_images' of celeba"):
        read_archive("celeba", root, {"min_images": 0})


def test_all_files_side_by_side_in_a_folder_below(root: Path) -> None:
    for name in ("Anno/list_attr_celeba.txt", "Anno/identity_CelebA.txt", "Eval/list_eval_partition.txt"):
        shutil.move(root / name, root / Path(name).name)
    shutil.move(root / "Img" / "img_align_celeba", root / "img_align_celeba")
    frame = celeba(root.parent).frame
    assert len(frame) == 20
    assert {"split", "group"} <= set(frame.columns)


def test_the_re_packed_form_with_a_doubled_folder(root: Path, tmp_path: Path) -> None:
    kaggle = tmp_path / "kaggle"
    shutil.copytree(root / "Img" / "img_align_celeba", kaggle / "img_align_celeba" / "img_align_celeba")
    rewrite(kaggle / "list_attr_celeba.csv", "image_id,Bald,Young", "000001.jpg,-1,1", "000002.jpg,1,1")
    rewrite(kaggle / "list_eval_partition.csv", "image_id,partition", "000001.jpg,0", "000002.jpg,2")
    archive = celeba(kaggle)
    assert archive.frame["image"][0] == str(kaggle / "img_align_celeba" / "img_align_celeba" / "000001.jpg")
    assert archive.frame.select("split", "attributes:Bald", "attributes:Young").rows() == [
        ("train", 0, 1),
        ("test", 1, 1),
    ]
    assert "Re-packed form" in archive.notes[0]
    assert "No identity_CelebA.txt: there are no groups." in archive.notes
    with pytest.raises(FileNotFoundError, match=r"identity_CelebA\.txt"):
        celeba(kaggle, closed_set=True)


def test_what_is_missing_or_cut_off_is_told(root: Path, attributes: Callable[..., None]) -> None:
    attributes("202599", "Bald", "000001.jpg 1", "000002.jpg 1", "000021.jpg 1")
    rewrite(root / "Eval" / "list_eval_partition.txt", "000001.jpg 0", "000021.jpg 0")
    archive = celeba(root)
    assert len(archive.frame) == 1
    told = "\n".join(archive.notes)
    assert "says '202599' images: is the list cut off?" in told
    assert "1 images are in no part of the official partition and are left out." in told
    assert "1 of 2 listed images have no file and are left out" in told
    (root / "Eval" / "list_eval_partition.txt").unlink()
    archive = celeba(root)
    assert "split" not in archive.frame.columns
    assert "No list_eval_partition: there are no official splits." in archive.notes


@pytest.mark.parametrize("line", ["000002.jpg 1", "000002.jpg 1 0", "000002.jpg 1 1 1", ""])
def test_a_line_that_is_not_understood(attributes: Callable[..., None], root: Path, line: str) -> None:
    attributes("2", "Bald Young", "000001.jpg 1 -1", line, "000003.jpg 1 -1")
    with pytest.raises(ValueError, match=r"list_attr_celeba.txt, line 4, should be an image and 2 numbers, -1 or 1\. "):
        celeba(root)


def test_a_code_that_is_not_understood(root: Path) -> None:
    rewrite(root / "Eval" / "list_eval_partition.txt", "000001.jpg 0", "000002.jpg 3")
    expected = r"list_eval_partition.txt, line 2, should be an image and 0 \(train\), .* Found '000002.jpg 3'"
    with pytest.raises(ValueError, match=expected):
        celeba(root)
    rewrite(root / "Anno" / "list_attr_celeba.txt", "2", "", "000001.jpg")
    with pytest.raises(ValueError, match="line 2, should name the attributes"):
        celeba(root)
