"""All pictures of the report, in the order of the page.

`picture_*` gathers the data of one, `pictures_*` draws it.
"""

from dataclasses import dataclass

from markupsafe import Markup

from reports.picture_data import PictureData
from reports.pictures_backups import backups_picture
from reports.pictures_disks import layout_picture, usage_picture
from reports.pictures_grid import hotfix_picture, key, matrix_picture
from reports.pictures_memory import memory_picture, order_picture, without_picture


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the page: its id, its title, what it says in a sentence, and itself."""

    anchor: str
    title: str
    text: str
    body: Markup


def pictures(data: PictureData, method: str) -> tuple[Picture, ...]:
    """Draw everything that people would rather look at than read."""
    text, grid = matrix_picture(data.matrix)
    return (
        Picture("picture-matrix", "Hosts and checks", text, key() + grid if grid else grid),
        Picture("picture-memory", "Memory of each host", *memory_picture(data.memory)),
        Picture(
            "picture-without", "Any one host away", *without_picture(data.without, data.target)
        ),
        Picture("picture-layouts", "Disk layouts", *layout_picture(data.layouts, data.target)),
        Picture("picture-usage", "Disk usage", *usage_picture(data.usage)),
        Picture("picture-hotfixes", "Hotfix differences", *hotfix_picture(data.hotfixes)),
        Picture("picture-backups", "Age of backups", *backups_picture(data.backups)),
        Picture("picture-order", "Order of the upgrade", *order_picture(data, method)),
    )
