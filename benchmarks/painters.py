"""People who paint at once: so many pages of Chromium against a running studio, for so many minutes.

    python app.py &
    python -m benchmarks.painters [--url http://127.0.0.1:7860/] [--people 2] [--minutes 10] [--seed 0]

Each person draws strokes of random classes, takes some back, rolls dice and waits for the photo. Printed are strokes
and errors of the pages, how long the next photo took after a stroke, the memory of a server on this machine, and how
often the photo that a page shows in the end is that which the API gives for its layout and seed. Seconds are worth
something only as ratios in one run.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from semflow_core.method.palette import load_palette

from .load import read
from .studio import memory_of

PALETTE = load_palette("celebamask_hq")
SIZES = ((1280, 800), (390, 844), (1920, 1080))
PATIENCE = 60_000  # milliseconds


class Person:
    """One page, and what happened to it."""

    def __init__(self, browser: Any, url: str, number: int, seed: int) -> None:
        width, height = SIZES[number % len(SIZES)]
        self.random = random.Random(f"{seed} {number}")
        self.page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        self.strokes, self.waits, self.errors = 0, [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)[:200]))
        self.page.on("console", lambda m: self.errors.append(m.text[:200]) if m.type == "error" else None)
        self.page.goto(url)
        self.page.wait_for_selector("#photo img", timeout=PATIENCE)
        self.page.wait_for_selector("#painter canvas.ids", timeout=PATIENCE)

    def photo(self) -> str:
        """The address of the photo that is shown."""
        return self.page.get_attribute("#photo img", "src")

    def act(self) -> None:
        """Something that a person would do next."""
        draw = self.random.random()
        if draw < 0.7:
            self.stroke()
        elif draw < 0.85:
            self.page.keyboard.press("Control+z")
        elif draw < 0.95:
            self.page.click("#dice")
        else:
            self.page.keyboard.press("Control+Shift+z")

    def stroke(self) -> None:
        """A stroke of a random class, and the wait for its photo."""
        page, old, pick = self.page, self.photo(), self.random
        page.evaluate("document.querySelector('#painter canvas.ids').scrollIntoView({ block: 'end' })")
        page.click(f"#painter [data-id='{pick.choice(PALETTE.classes).id}']")
        page.evaluate("document.querySelector('#painter canvas.ids').scrollIntoView({ block: 'end' })")
        box = page.locator("#painter canvas.ids").bounding_box()

        def point() -> tuple[float, float]:
            x, y = pick.uniform(0.1, 0.9), pick.uniform(0.1, 0.9)
            return box["x"] + x * box["width"], box["y"] + y * box["height"]

        page.mouse.move(*point())
        page.mouse.down()
        page.mouse.move(*point(), steps=5)
        page.mouse.up()
        started = time.perf_counter()
        self.strokes += 1
        try:
            page.wait_for_function(
                "(old) => document.querySelector('#photo img')?.src !== old", arg=old, timeout=PATIENCE
            )
        except Exception:
            self.errors.append(f"no photo within {PATIENCE // 1000} s after stroke {self.strokes}")
        self.waits.append(time.perf_counter() - started)

    def is_that_of_the_api(self, client: Client) -> bool:
        """Whether the photo that is shown, once nothing more comes, is what the API makes of layout and seed."""
        url, still = "", 0
        while still < 6:  # half a second each without another photo
            self.page.wait_for_timeout(500)
            still, url = (still + 1 if self.photo() == url else 0), self.photo()
        canvas = self.page.evaluate("document.querySelector('#painter canvas.ids').toDataURL('image/png')")
        shown = self.page.evaluate(
            """async () => {
                const image = document.querySelector('#photo img');
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
                canvas.getContext('2d').drawImage(image, 0, 0);
                return canvas.toDataURL('image/png');
            }"""
        )
        seed, steps = (int(self.page.input_value(f"#{name} input >> nth=0")) for name in ("seed", "steps"))
        with tempfile.TemporaryDirectory() as folder:
            layout = Path(folder) / "layout.png"
            layout.write_bytes(base64.b64decode(canvas.split(",")[1]))
            picture = handle_file(str(layout))
            answer = read(client.predict(picture=picture, seed=seed, steps=steps, api_name="/synthesize"))
        own = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.split(",")[1]))).convert("RGB"))
        return np.array_equal(own, answer)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860/")
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    before = memory_of(args.url)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        people = [Person(browser, args.url, i, args.seed) for i in range(args.people)]
        end = time.monotonic() + 60 * args.minutes
        middle = None
        while time.monotonic() < end:
            for person in people:
                person.act()
            if middle is None and time.monotonic() > end - 30 * args.minutes:
                middle = memory_of(args.url)
        client = Client(args.url, verbose=False)
        same = sum(person.is_that_of_the_api(client) for person in people)
        after = memory_of(args.url)
        browser.close()
    waits = sorted(w for person in people for w in person.waits)
    errors = [e for person in people for e in person.errors]
    print(f"{args.people} people, {args.minutes:g} minutes: {sum(p.strokes for p in people)} strokes")
    print(f"  errors of the pages: {len(errors)}" + (f", the first: {errors[0]}" if errors else ""))
    if waits:
        p50, p95 = statistics.median(waits), waits[min(len(waits) - 1, int(0.95 * len(waits)))]
        print(f"  next photo after a stroke: p95 is {p95 / p50:.2f} times p50 ({p50:.2f} s)")
    print(f"  photos in the end that are the API's for the same layout and seed: {same} of {len(people)}")
    if before and middle and after:
        print(f"  memory of the server: {before:.0f} MB before, {middle:.0f} MB half way, {after:.0f} MB after")


if __name__ == "__main__":
    main()
