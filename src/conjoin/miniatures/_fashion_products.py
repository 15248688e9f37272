"""Fashion Product Images in miniature."""

from pathlib import Path

import numpy as np
from PIL import Image

from conjoin.miniatures._pictures import write_picture

_ARTICLES = (  # hue tells which
    "Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual",
    "Women,Apparel,Topwear,Kurtas,Red,Summer,2012,Ethnic",
    "Men,Footwear,Shoes,Casual Shoes,Black,Summer,2012,Casual",
    "Women,Accessories,Bags,Handbags,Brown,Winter,2016,Casual",
    "Unisex,Accessories,Watches,Watches,Black,Winter,2016,NA",
    "Boys,Apparel,Bottomwear,Shorts,Grey,,2011,Sports",
)
_HEADER = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName"


def fashion_products(path: Path, images: int, seed: int) -> None:
    """Names with commas, empty cells and `NA`, a grey image, and a row without an image."""
    rng = np.random.default_rng([seed, 0])
    lines = [_HEADER]
    for number in range(images + 1):
        article = int(rng.integers(len(_ARTICLES)))
        name = "Checked, Slim Fit, Blue" if number % 9 == 0 else f"Brand {article}"
        lines.append(f"{1163 + number},{_ARTICLES[article]},{name}")
        if number < images:
            picture = path / "images" / f"{1163 + number}.jpg"
            write_picture(picture, rng, hue=article / len(_ARTICLES), stripes=2 * (article % 3), size=(60, 80))
            if number == 1:
                Image.open(picture).convert("L").save(picture)
    (path / "styles.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (path / "images.csv").write_text("filename,link\n", "utf-8")
