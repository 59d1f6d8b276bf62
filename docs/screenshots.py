"""Takes the pictures in this folder from the demo: `python docs/screenshots.py`.

Needs the dev extra and a Chromium (SESSIONTAP_CHROMIUM names one, else PATH). They are the README's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
RUNS = 4
WIDTH = 1280
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> None:
    """Records some runs, shows them, and takes a picture of each view."""
    chromium = os.environ.get("SESSIONTAP_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if chromium is None:
        sys.exit("no Chromium is installed; SESSIONTAP_CHROMIUM names one")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home, report = Path(scratch, "home"), Path(scratch, "run.html")
        for _ in range(RUNS):
            sessiontap("demo", "--home", str(home))
        sessiontap("export", "--home", str(home), "--session", "-1", "-o", str(report))
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        program = [sys.executable, "-m", "sessiontap", "serve", "--home", str(home), "--port", "0"]
        with subprocess.Popen(
            program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            assert server.stdout is not None
            try:
                page = browser.new_page(viewport={"width": WIDTH, "height": 640}, color_scheme="light")
                page.goto(server.stdout.readline().strip())
                take(page, "list")
                page.get_by_role("link", name="Support triage").first.click()
                page.set_viewport_size({"width": WIDTH, "height": 1300})
                page.locator(".gantt-plot a").first.wait_for()
                take(page, "session")
                page.get_by_role("link", name="Conversation").click()
                page.locator(".turn").first.wait_for()
                page.set_viewport_size({"width": WIDTH, "height": 900})
                take(page, "conversation")
                page.emulate_media(color_scheme="dark")
                page.goto(report.as_uri())
                take(page, "report")
            finally:
                server.terminate()
        browser.close()


def take(page: Page, name: str) -> None:
    """Writes what the window shows; nothing of it moves any more."""
    page.wait_for_timeout(600)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    sys.stdout.write(f"docs/{name}.png\n")


def sessiontap(*arguments: str) -> None:
    """Runs a command; what it prints is not needed."""
    program = [sys.executable, "-m", "sessiontap", *arguments]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
