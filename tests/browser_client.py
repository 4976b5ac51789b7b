"""A visitor of the page, with a browser of their own."""

import json

import pytest

from patience import BROWSER_PATIENCE

SLIDER = ".lever.on input[type=range]"
ALL_DRAWN = """() => ['current_use', 'fidelity', 'effect'].every((measure) => {
    const drawn = document.querySelector(`#chart-${measure}`)?.dataset.runs;
    return drawn && document.querySelector('#progress-text').textContent.startsWith(`${drawn} run`);
})"""


class PageVisitor:
    """A visitor with a browser of their own."""

    def __init__(self, browser, url, *, width=1280, height=800, **how):
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **how)
        self.page = self.context.new_page()
        self.page.set_default_timeout(BROWSER_PATIENCE)
        self.url, self.asked, self.complaints = url, [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def open(self, address=""):
        """Open the page and wait until all is drawn."""
        self.page.goto("about:blank")
        self.page.goto(self.url + address)
        self.wait_until_drawn()
        self.page.wait_for_selector("#map .node")
        return self

    def wait_until_drawn(self):
        """Wait until the curves of all worlds are drawn."""
        self.page.wait_for_selector("#result[aria-busy=false]")
        # While worlds are still run the curves of the first of them stand already.
        self.page.wait_for_function(ALL_DRAWN)

    def final_values(self, measure="fidelity"):
        """Return where the curves of a chart end, by arm."""
        return json.loads(self.page.get_attribute(f"#chart-{measure}", "data-end"))

    def move_slider(self, value):
        """Move the first slider of the policy that is on, and wait for its curves."""
        before = self.page.get_attribute("#chart-fidelity", "data-end")
        self.page.locator(SLIDER).first.evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", str(value)
        )
        self.wait_for_change("#chart-fidelity", "data-end", before)
        self.wait_until_drawn()

    def wait_for_change(self, selector, name, before):
        """Wait until an attribute is another than before."""
        for _ in range(BROWSER_PATIENCE // 25):
            if self.page.get_attribute(selector, name) != before:
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"{name} of {selector} stayed {before}")

    def close(self):
        """Close the browser; nothing was complained of, and nobody else was asked."""
        outside = [one for one in self.asked if not one.startswith((self.url, "about:", "blob:" + self.url, "data:"))]
        self.context.close()
        assert not outside
        assert not self.complaints
