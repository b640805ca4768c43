"""The HTML report in a real browser: Debian's Chromium, headless, on a phone's width and a desk's, light and dark."""

from __future__ import annotations

import base64
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS
from tests.real.chromium import started

pytestmark = pytest.mark.real

REPORTS = Path(__file__).parent.parent / "renderers" / "conftest.py"
# Every element that shows words of its own: the contrast of its colour with the first opaque ground behind it.
CONTRAST = """
const light = c => {const f = v => {v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4};
  return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2])};
const parse = text => text.match(/[\\d.]+/g).map(Number);
const ground = one => {for (; one; one = one.parentElement) {const c = parse(getComputedStyle(one).backgroundColor);
  if (c.length < 4 || c[3] === 1) return c} return [255, 255, 255]};
document.querySelectorAll("details").forEach(one => one.open = true);
return [...document.querySelectorAll("body *")].filter(one => one.checkVisibility() && !one.closest(".unseen,.skip,script,style")
  && [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())).map(one => {
  const a = light(parse(getComputedStyle(one).color)), b = light(ground(one));
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.tagName + " " + one.textContent.trim().slice(0, 40)]});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    logs = {"browser": "ALL", "performance": "ALL"}
    with started(tmp_path_factory.mktemp("profile"), logs=logs) as chrome:
        yield chrome


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of the three reports that every format is tried on."""
    spec = importlib.util.spec_from_file_location("reports", REPORTS)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    healthy: Report = module.healthy.__wrapped__()
    sick: Report = module.sick.__wrapped__(healthy)
    reports = {"healthy": healthy, "sick": sick, "hostile": module.hostile.__wrapped__(sick)}
    folder = tmp_path_factory.mktemp("pages")
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(RENDERERS["html"](report, Style()), "utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in reports}


def show(browser: Any, address: str, width: int = 1440, scheme: str = "light") -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get_log("browser")
    browser.get(address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["healthy", "sick", "hostile"])
def test_it_can_be_read(browser: Any, pages: dict[str, str], name: str, width: int, scheme: str):
    show(browser, pages[name], width, scheme)
    contrasts = browser.execute_script(CONTRAST)
    assert len(contrasts) > 15
    assert min(contrasts)[0] >= 4.5, min(contrasts)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width, (
        "nothing hangs out of the page"
    )
    assert browser.get_log("browser") == [], "no error on the console"
    small = "return [...document.querySelectorAll('button,summary')].map(one => one.getBoundingClientRect().height)"
    assert all(height >= 44 for height in browser.execute_script(small)), "a thumb hits it"
    folder = os.environ.get("DLCHECK_SCREENSHOTS")
    if folder:
        height = min(browser.execute_script("return document.documentElement.scrollHeight"), 4000)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        Path(folder, f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))


def test_it_asks_the_network_for_nothing(browser: Any, pages: dict[str, str]):
    browser.get_log("performance")
    show(browser, pages["hostile"])
    asked = [
        entry["message"] for entry in browser.get_log("performance") if "Network.requestWillBeSent" in entry["message"]
    ]
    assert all('"url":"file:' in one for one in asked), asked


def test_a_command_is_copied_by_keyboard_alone(browser: Any, pages: dict[str, str]):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    show(browser, pages["sick"])
    browser.execute_script("window.copied = []; navigator.clipboard.writeText = async text => {copied.push(text)}")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the verdict"
    browser.switch_to.active_element.send_keys(Keys.TAB)
    button = browser.switch_to.active_element
    assert button.accessible_name == "Copy: dlcheck install torch --venv ~/'my env'"
    outline = browser.execute_script("return getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "one sees where one is"
    button.send_keys(Keys.ENTER)
    assert browser.execute_async_script("setTimeout(arguments[0], 50)") is None
    assert browser.execute_script("return copied") == ["dlcheck install torch --venv ~/'my env'"]
    assert browser.execute_script("return document.getElementById('said').textContent") == "Copied to the clipboard"


def test_folded_evidence_opens_by_keyboard(browser: Any, pages: dict[str, str]):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    show(browser, pages["sick"], 360)
    summary = browser.find_element(By.XPATH, "//summary[starts-with(., 'Evidence')]")
    summary.send_keys(Keys.ENTER)
    assert browser.find_element(By.XPATH, "//th[. = 'frameworks.torch.build.cuda']").is_displayed()


def test_foreign_words_run_nothing(browser: Any, pages: dict[str, str]):
    show(browser, pages["hostile"])
    browser.execute_script("return 1")
    from selenium.common.exceptions import NoAlertPresentException

    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert.text  # noqa: B018 - reading it raises where there is none
