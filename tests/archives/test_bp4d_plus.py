"""BP4D+: what is easily got wrong beside what holds of BP4D."""

from pathlib import Path

from PIL import Image

from conjoin.datasets import bp4d_plus


def test_frames_that_are_not_coded_are_not_negative(tmp_path: Path) -> None:
    coding = tmp_path / "AUCoding" / "AU_OCC"
    coding.mkdir(parents=True)
    for sequence in ("F041_T6", "F082_T1"):  # task 7 of F041 has no file, F082 no images
        (coding / f"{sequence}.csv").write_text("0,1,39\n5,1,9\n")
    (tmp_path / "Physiology" / "F041" / "T6").mkdir(parents=True)
    (tmp_path / "Physiology" / "F041" / "T6" / "5.txt").write_text("1\n")
    for name in ("F041/T6/0005.jpg", "F041/T6/0006.jpg", "F041/T7/0005.jpg"):
        path = tmp_path / "2D+3D" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path)
    archive = bp4d_plus(tmp_path)
    assert archive.frame.drop("image").rows() == [("BP4D+ F041", 1)]  # F041 of BP4D is somebody else
    assert archive.outputs == {"action_units": ("AU1",)}
    first = tmp_path / "2D+3D" / "F041" / "T6" / "0006.jpg"
    assert f"2 images are no annotated frame and are left out; the first: {first}." in archive.notes
    assert "1 annotated frames have no image and are left out; the first: F082 T1 5." in archive.notes
