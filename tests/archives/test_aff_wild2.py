"""Aff-Wild2: what is easily got wrong."""

from pathlib import Path

import pytest

from conjoin.datasets import Archive, aff_wild2
from conjoin.miniatures import write_miniature

EIGHT = "AU1,AU2,AU4,AU6,AU12,AU15,AU20,AU25"
TWELVE = "AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26"
SEVEN_CLASSES = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
NONE = ",".join(["-1"] * 12)
UNITS = [f"action_units:{name}" for name in TWELVE.split(",")]


def write_text(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def write_frames(root: Path, video: str, *frames: int, folder: str = "cropped_aligned") -> None:
    (root / folder / video).mkdir(parents=True, exist_ok=True)
    for frame in frames:
        (root / folder / video / f"{frame:05}.jpg").write_bytes(b"")


def expressions(root: Path, train: dict[str, list[object]], validation: dict[str, list[object]], **names: str) -> Path:
    """A set of the third competition and later ones."""
    folder = root / names.get("folder", "EXPR_Recognition_Challenge")
    for split, videos in ((names.get("training", "Train_Set"), train), ("Validation_Set", validation)):
        (folder / split).mkdir(parents=True)
        for video, codes in videos.items():
            write_text(folder / split / f"{video}.txt", SEVEN_CLASSES + names.get("more", ",Other"), *map(str, codes))
    return folder


def units(root: Path, train: dict[str, list[str]], validation: dict[str, list[str]], **names: str) -> Path:
    folder = root / names.get("folder", "AU_Detection_Challenge")
    for split, videos in ((names.get("training", "Train_Set"), train), ("Validation_Set", validation)):
        (folder / split).mkdir(parents=True)
        for video, lines in videos.items():
            write_text(folder / split / f"{video}.txt", names.get("header", TWELVE), *lines)
    return folder


def short(archive: Archive, *columns: str) -> dict[str, tuple[object, ...]]:
    """Other columns by `video/frame`."""
    frame = archive.frame
    names = ["/".join(Path(image).parts[-2:]) for image in frame["image"]]
    return {name: row[1:] for name, row in zip(names, frame.select("image", *columns).rows(), strict=True)}


def test_codes_and_splits_by_hand(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": list(range(8))}, {"b": [1, "6.0"]})
    write_frames(tmp_path, "a", *range(1, 9))
    write_frames(tmp_path, "b", 1, 2)
    archive = aff_wild2(tmp_path)
    names = ("neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other")
    assert archive.outputs == {"expression": names}
    assert short(archive, "split", "group", "expression") == {
        **{f"a/{code + 1:05}.jpg": ("train", "a", name) for code, name in enumerate(names)},
        "b/00001.jpg": ("test", "b", "anger"),
        "b/00002.jpg": ("test", "b", "surprise"),
    }
    assert archive.frame["image"][0] == str(tmp_path / "cropped_aligned" / "a" / "00001.jpg")
    assert archive.notes[:2] == ("Annotations of EXPR_Recognition_Challenge.", "Aligned faces; all frames.")
    assert archive.notes[2].startswith("The official validation set is read as test;")
    assert archive.notes[3:] == ("Valence and arousal are left out: they are no classes.",)


def test_a_line_belongs_to_the_frame_of_its_number(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [0, 1, 2, 3, -1, 5]}, {"b": [4]})
    write_frames(tmp_path, "a", 2, 4, 5, 6, 7)  # 1 and 3 have no face, 5 no annotation, 7 no line
    write_frames(tmp_path, "b", 1)
    archive = aff_wild2(tmp_path)
    assert short(archive, "expression") == {
        "a/00002.jpg": ("anger",),
        "a/00004.jpg": ("fear",),
        "a/00006.jpg": ("sadness",),
        "b/00001.jpg": ("happiness",),
    }
    assert archive.notes[-2] == "1 frames are annotated with nothing that is read and are left out."
    lost = tmp_path / "cropped_aligned" / "a" / "00001.jpg"
    assert archive.notes[-1] == f"2 of 6 listed frames have no file and are left out; the first: {lost}."


def test_line_ends_and_long_videos(tmp_path: Path) -> None:
    folder = expressions(tmp_path, {"a": [0] * 100_000}, {"b": [4]})
    write_frames(tmp_path, "a", 99_999, 100_000)
    write_frames(tmp_path, "b", 1)
    (folder / "Validation_Set" / "b.txt").write_bytes(b"\xef\xbb\xbf" + f"{SEVEN_CLASSES},Other\r\n4\r\n\r\n".encode())
    (folder / "Train_Set" / "._a.txt").write_bytes(b"\x00\xff")
    assert list(short(aff_wild2(tmp_path))) == ["a/99999.jpg", "a/100000.jpg", "b/00001.jpg"]


def test_a_missing_unit_is_null_by_itself(tmp_path: Path) -> None:
    first, second = "1,0,-1,1,0,0,1,0,0,0,1,0", "0.0,1.0,0.0,-1.0,0,0,0,0,0,0,0,1"
    units(tmp_path, {"a": [first, NONE]}, {"b": [second]})
    write_frames(tmp_path, "a", 1, 2)
    write_frames(tmp_path, "b", 1)
    archive = aff_wild2(tmp_path)
    assert archive.outputs == {"action_units": tuple(TWELVE.split(","))}
    assert short(archive, *UNITS) == {
        "a/00001.jpg": (1, 0, None, 1, 0, 0, 1, 0, 0, 0, 1, 0),
        "b/00001.jpg": (0, 1, 0, None, 0, 0, 0, 0, 0, 0, 0, 1),
    }


def test_the_first_competition(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [6]}, {"b": [0]}, folder="EXPR_Set", training="Training_Set", more="")
    there = {"folder": "AU_Set", "training": "Training_Set", "header": EIGHT}
    units(tmp_path, {"a": ["1,0,1,0,1,0,1,0"]}, {"b": ["0,1,0,1,0,1,0,1"]}, **there)
    for video in "ab":
        write_frames(tmp_path, video, 1)
    archive = aff_wild2(tmp_path)
    assert archive.outputs["expression"] == tuple(SEVEN_CLASSES.lower().split(","))
    assert archive.outputs["action_units"] == tuple(EIGHT.split(","))
    assert archive.frame.drop("image").rows() == [
        ("train", "a", "surprise", 1, 0, 1, 0, 1, 0, 1, 0),
        ("test", "b", "neutral", 0, 1, 0, 1, 0, 1, 0, 1),
    ]
    assert archive.notes[0] == "Annotations of EXPR_Set and AU_Set."


def test_a_frame_may_have_either_annotation_or_both(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [1, -1, 2], "c": [3]}, {"b": [0]}, folder="EXPR_Classification_Challenge")
    units(tmp_path, {"a": ["1" + ",0" * 11, "0" + ",1" * 11]}, {"b": [NONE], "d": ["1" + ",1" * 11]})
    write_frames(tmp_path, "a", 1, 2, 3)
    for video in "bcd":
        write_frames(tmp_path, video, 1)
    assert short(aff_wild2(tmp_path), "split", "expression", "action_units:AU1") == {
        "a/00001.jpg": ("train", "anger", 1),
        "a/00002.jpg": ("train", None, 0),
        "a/00003.jpg": ("train", "disgust", None),
        "b/00001.jpg": ("test", "neutral", None),
        "c/00001.jpg": ("train", "fear", None),
        "d/00001.jpg": ("test", None, 1),
    }


def test_persons_of_one_video_are_one_group(tmp_path: Path) -> None:
    expressions(tmp_path, {"v1": [0], "v1_left": [1], "v1_right": [2]}, {"b_left_2": [0]})
    for video in ("v1", "v1_left", "v1_right", "b_left_2"):
        write_frames(tmp_path, video, 1)
    assert short(aff_wild2(tmp_path), "group", "expression") == {
        "b_left_2/00001.jpg": ("b_left_2", "neutral"),
        "v1/00001.jpg": ("v1", "neutral"),
        "v1_left/00001.jpg": ("v1", "anger"),
        "v1_right/00001.jpg": ("v1", "disgust"),
    }


def test_a_video_for_training_in_one_set_and_validation_in_another(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [1], "v_left": [1, 2]}, {"b": [3]})
    units(tmp_path, {"a": ["1" + ",0" * 11], "b": ["1" + ",0" * 11]}, {"v_right": ["0" + ",1" * 11]})
    for video in ("a", "b", "v_left", "v_right"):
        write_frames(tmp_path, video, 1, 2)
    archive = aff_wild2(tmp_path)
    assert short(archive, "split", "expression", "action_units:AU1") == {
        "a/00001.jpg": ("train", "anger", 1),
        "b/00001.jpg": ("test", "fear", None),
        "v_right/00001.jpg": ("test", None, 0),
    }
    assert any(
        "training of 2 videos (3 frames) are left out: the same videos are for" in told for told in archive.notes
    )


def test_every_third_frame(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [0] * 8}, {"b": [1] * 2})
    write_frames(tmp_path, "a", *range(2, 9))
    write_frames(tmp_path, "b", 1, 2)
    archive = aff_wild2(tmp_path, every=3)
    assert list(short(archive)) == ["a/00004.jpg", "a/00007.jpg", "b/00001.jpg"]
    assert "Aligned faces; 1 of 3 frames." in archive.notes
    with pytest.raises(ValueError, match=r"`every` should be 1 or more\. Found 0\."):
        aff_wild2(tmp_path, every=0)


def test_places_of_faces(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [0], "b": [1]}, {"c": [2]})
    write_frames(tmp_path, "a", 1)
    write_frames(tmp_path, "b", 1, folder="cropped_aligned_new_50_vids")
    write_frames(tmp_path, "c", 1, folder="cropped")
    write_frames(tmp_path, "c", 1, folder="Cropped_aligned_image/cropped_aligned")
    found = [str(Path(image).relative_to(tmp_path)) for image in aff_wild2(tmp_path).frame["image"]]
    assert found == [
        "cropped_aligned/a/00001.jpg",
        "cropped_aligned_new_50_vids/b/00001.jpg",
        "Cropped_aligned_image/cropped_aligned/c/00001.jpg",
    ]
    archive = aff_wild2(tmp_path, aligned=False)
    assert archive.frame["image"].to_list() == [str(tmp_path / "cropped" / "c" / "00001.jpg")]
    assert "Not aligned faces; all frames." in archive.notes


def test_faces_that_are_not_there(tmp_path: Path) -> None:
    expressions(tmp_path, {"a": [0]}, {"b": [2]})
    with pytest.raises(FileNotFoundError, match=r"`root` of Aff-Wild2 should be a folder with cropped_aligned\. "):
        aff_wild2(tmp_path)
    (tmp_path / "cropped_aligned").mkdir()
    archive = aff_wild2(tmp_path)
    assert archive.frame.is_empty()
    assert archive.notes[-1].startswith("2 of 2 listed frames have no file")


def test_annotations_of_several_competitions(tmp_path: Path) -> None:
    expressions(tmp_path / "3rd ABAW Annotations" / "Third ABAW Annotations", {"a": [0]}, {"b": [2]})
    write_frames(tmp_path, "a", 1)
    write_frames(tmp_path, "b", 1)
    assert aff_wild2(tmp_path).frame["expression"].to_list() == ["neutral", "disgust"]
    expressions(tmp_path / "annotations", {"a": [4]}, {"b": [5]}, folder="EXPR_Set", more="")
    with pytest.raises(ValueError, match="should have annotations of one competition, or `annotations` say") as error:
        aff_wild2(tmp_path)
    assert "Found 3rd ABAW Annotations/Third ABAW Annotations/EXPR_Recognition_Challenge, annotations/" in str(
        error.value
    )
    assert aff_wild2(tmp_path, annotations="annotations").frame["expression"].to_list() == ["happiness", "sadness"]
    with pytest.raises(FileNotFoundError, match=r"should be a folder with labels\. Found 3rd ABAW Annotations, "):
        aff_wild2(tmp_path, annotations="labels")


def write_lists(root: Path, *train: str, header: str = TWELVE) -> Path:
    headings = "image,valence,arousal,expression," + header
    write_text(root / "MTL_Challenge" / "validation_set.txt", headings, f"b/00001.jpg,0.5,0.5,7,{NONE}")
    write_frames(root, "b", 1)
    write_frames(root, "a", 1, 2, 3)
    return write_text(root / "MTL_Challenge" / "train_set.txt", headings, *train)


def test_the_lists_of_the_multi_task_challenge(tmp_path: Path) -> None:
    some = "1,0,-1,1,0,0,1,0,0,0,1,0"
    write_lists(
        tmp_path,
        f"a/00001.jpg,0.5,-0.25,4,{some}",
        f"a/00002.jpg,-5,-5,-1,{some}",
        f"a/00003.jpg,0.5,0.5,-1,{NONE}",  # valence and arousal only
        f"a/00004.jpg,-5,-5,1,{NONE}",  # has no image
        f"gone/00001.jpg,-5,-5,1.0,{NONE}",
    )
    archive = aff_wild2(tmp_path)
    values = (1, 0, None, 1, 0, 0, 1, 0, 0, 0, 1, 0)
    assert short(archive, "split", "group", "expression", *UNITS) == {
        "a/00001.jpg": ("train", "a", "happiness", *values),
        "a/00002.jpg": ("train", "a", None, *values),
        "b/00001.jpg": ("test", "b", "other", *[None] * 12),
    }
    assert archive.notes[0] == "Lists of MTL_Challenge."
    assert "2 of 5 listed frames have no file" in archive.notes[-1]


def test_sets_are_read_and_not_the_lists_unless_wanted(tmp_path: Path) -> None:
    write_lists(tmp_path, f"a/00001.jpg,0.5,-0.25,4,{NONE}")
    expressions(tmp_path, {"a": [0]}, {"b": [1]})
    assert aff_wild2(tmp_path).frame["expression"].to_list() == ["neutral", "anger"]
    assert aff_wild2(tmp_path, multitask=True).frame["expression"].to_list() == ["happiness", "other"]


def test_headings_of_the_lists(tmp_path: Path) -> None:
    values = "1,0,0,0,0,0,0,0,0,0,0,0"
    write_lists(tmp_path, f"a/00001.jpg,0,0,1,{values}", header=" " + TWELVE.replace(",", ", "))
    assert aff_wild2(tmp_path).frame["action_units:AU1"][0] == 1
    write_lists(tmp_path, f"a/00001.jpg,0,0,1,{values}", header=",".join(reversed(TWELVE.split(","))))
    frame = aff_wild2(tmp_path).frame
    assert (frame["action_units:AU26"][0], frame["action_units:AU1"][0]) == (1, 0)
    write_lists(tmp_path, f"a/00001.jpg,0,0,1,{values}", header=",".join(f"au{n}" for n in range(1, 13)))
    archive = aff_wild2(tmp_path)
    assert archive.frame["action_units:AU1"][0] == 1
    assert archive.notes[1].startswith("Action units of train_set.txt are only counted, and taken to be AU1, AU2, AU4")
    path = write_lists(tmp_path, f"a/00001.jpg,0,0,1,{values}", header=EIGHT)
    with pytest.raises(ValueError, match="line 1, should be image,valence,arousal,expression,AU1,AU2,") as error:
        aff_wild2(tmp_path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"a/x.jpg,0,0,1,{NONE}", "should begin with an image such as video/00001.jpg"),
        ("a/00002.jpg,0,0,1,1", "should have 15 numbers"),
        (f"a/00002.jpg,0,0,one,{NONE}", "should have 15 numbers"),
        (f"a/00002.jpg,0,0,8,{NONE}", "should have an expression from 0 to 7, or -1"),
        (f"a/00002.jpg,0,0,1,2{NONE[2:]}", "should have 0, 1 or -1 of each action unit"),
    ],
)
def test_a_line_of_a_list_that_is_not_understood(tmp_path: Path, line: str, expected: str) -> None:
    path = write_lists(tmp_path, f"a/00001.jpg,0,0,1,{NONE}", line)
    with pytest.raises(ValueError, match="line 3") as error:
        aff_wild2(tmp_path)
    assert str(error.value).startswith(f"{path}, line 3, {expected}")


@pytest.mark.parametrize("code", ["8", "-2", "1.5", "", "anger", "1,1"])
def test_an_expression_that_is_not_understood(tmp_path: Path, code: str) -> None:
    folder = expressions(tmp_path, {"a": [0, code, 1]}, {"b": [1]})
    with pytest.raises(ValueError, match="line 3, should have 1 whole numbers from -1 to 7") as error:
        aff_wild2(tmp_path)
    assert str(error.value).startswith(str(folder / "Train_Set" / "a.txt"))
    assert str(error.value).endswith(f"Found {code!r}.")


@pytest.mark.parametrize(
    "line", ["1" + ",0" * 10, "1" + ",0" * 12, "2" + ",0" * 11, "0.5" + ",0" * 11, "-5" + ",0" * 11]
)
def test_action_units_that_are_not_understood(tmp_path: Path, line: str) -> None:
    units(tmp_path, {"a": [NONE]}, {"b": [NONE, NONE, line]})
    with pytest.raises(ValueError, match=r"b\.txt, line 4, should have 12 whole numbers from -1 to 1\. Found "):
        aff_wild2(tmp_path)


def test_first_lines_that_are_not_understood(tmp_path: Path) -> None:
    folder = expressions(tmp_path, {"a": [0]}, {"b": [1]})
    write_text(folder / "Train_Set" / "a.txt", "4", "4")  # no header
    with pytest.raises(ValueError, match=r"a\.txt, line 1, should be names, Neutral,Anger.* Found '4'"):
        aff_wild2(tmp_path)
    write_text(folder / "Train_Set" / "a.txt", "image_location," + SEVEN_CLASSES, "a/00001.jpg,1")  # as is submitted
    with pytest.raises(ValueError, match=r"a\.txt, line 1, should be names, .* Found 'image_location,"):
        aff_wild2(tmp_path)
    write_text(folder / "Train_Set" / "a.txt", "Neutral,Happiness,Anger", "1")
    with pytest.raises(ValueError, match=r"a\.txt, line 1, should be as in .*b\.txt: neutral, anger, "):
        aff_wild2(tmp_path)
    write_text(folder / "Train_Set" / "a.txt", SEVEN_CLASSES, "4")  # the beginning of the others
    (tmp_path / "cropped_aligned").mkdir()
    aff_wild2(tmp_path)
    units(tmp_path, {"a": [NONE]}, {"b": [NONE]}, header=NONE)
    with pytest.raises(ValueError, match="line 1, should be names, AU1,AU2,"):
        aff_wild2(tmp_path)


def test_sets_without_files(tmp_path: Path) -> None:
    folder = expressions(tmp_path, {}, {})
    with pytest.raises(FileNotFoundError, match=r"EXPR_Recognition_Challenge should hold a \.txt file a video"):
        aff_wild2(tmp_path)
    (folder / "Validation_Set").rmdir()
    with pytest.raises(FileNotFoundError, match=r"should be a folder with Validation_Set\. Found Train_Set in"):
        aff_wild2(tmp_path)


@pytest.mark.parametrize("multitask", [False, True])
def test_the_miniature_has_everything_in_both_splits(tmp_path: Path, multitask: bool) -> None:
    write_miniature("aff_wild2", tmp_path)
    archive = aff_wild2(tmp_path, multitask=multitask)
    for split in ("train", "test"):
        part = archive.frame.filter(split=split)
        assert set(part["expression"].drop_nulls()) == set(archive.outputs["expression"])
        for unit, column in archive.columns("action_units").items():
            assert set(part[column].drop_nulls()) == {0, 1}, (split, unit)
            assert part[column].null_count(), (split, unit)
