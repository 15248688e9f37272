"""Make a picture of the first screen of a report: python -m docs.screenshot REPORT PICTURE."""

import io
import sys
from pathlib import Path

from PIL import Image
from tests.browser import chromium, show

SIZE = 1280, 1000


def main(report: Path, picture: Path) -> None:
    """Open the report, wait until its charts are drawn, and write the first screen as PNG of 128 colours."""
    with chromium() as driver:
        show(driver, report.resolve(), size=SIZE)
        driver.execute_script("document.documentElement.style.overflow = 'hidden'")
        whole = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
    whole.convert("RGB").quantize(128).save(picture, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
