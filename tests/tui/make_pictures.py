"""Makes docs/pictures/*.svg: the workbench at work on the fixtures, for the README.

make pictures
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from tests.town import Town
from tests.tui.bench import Bench
from tui.app import Workbench
from tui.seat import Entered, seat_at

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
SIZE = (100, 30)
FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)  # fetched from elsewhere; any fixed-width font will do


async def make(town: Town) -> None:
    """Sign in as a clerk, and take a picture of each place."""

    def nobody(name: str, passphrase: str) -> Entered:
        raise AssertionError("nobody signs in by passphrase here")

    app = Workbench(nobody, town.clock, idle_s=0)
    async with app.run_test(size=SIZE) as pilot:
        bench = Bench(app, pilot, town)
        await bench.settle()

        def keep(name: str) -> None:
            picture = FONT.sub("", app.export_screenshot(title="Muniment"))
            (PICTURES / f"{name}.svg").write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n")

        app.sit(seat_at("j.patel", Entered(town.desk("intake-clerk"))))
        await bench.settle()
        keep("home")
        await bench.type("/mothwing road\n")
        keep("search")
        await bench.press("down", "down", "enter")
        keep("record")
        await bench.press("f9")
        keep("proof")
        await bench.press("f3", "f3")
        await bench.press("ctrl+p")
        keep("commands")


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder)).staff()
        town.desk("loader").loads.load(ROOT / "fixtures" / "sales.csv")
        town.lodge()
        asyncio.run(make(town))
        town.close()


if __name__ == "__main__":
    main()
