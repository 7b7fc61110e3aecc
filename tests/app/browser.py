"""A headless Chromium, spoken to through its debugging pipe: opens a page, runs scripts in it, takes screenshots, and notes every
error of the console and every request to a network. No package but Debian's `chromium`."""
import base64
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium")


def expect_printable(test, b):
    """Prepares the page for paper and finds nothing wider than it; leaves the page so."""
    paper = 680  # A4 without margins, in CSS pixels
    b.run("dispatchEvent(new Event('beforeprint'))")
    b.settle()
    b.call("Emulation.setEmulatedMedia", media="print")
    b.call("Emulation.setDeviceMetricsOverride", width=paper, height=960, deviceScaleFactor=1, mobile=False)
    wide = b.run(f"""[...document.querySelectorAll("figure .plot")].map(plot => {{
      const drawing = plot.querySelector("svg"), box = drawing?.getBoundingClientRect();
      return {{drawn: !!drawing, left: box?.left, right: box?.right, texts: drawing?.querySelectorAll("text").length}};
    }})""")
    test.assertGreater(len(wide), 2)
    for plot in wide:
        test.assertTrue(plot["drawn"] and plot["texts"] > 2, plot)
        test.assertGreaterEqual(plot["left"], 0)
        test.assertLessEqual(plot["right"], paper)
    test.assertLessEqual(b.run("document.documentElement.scrollWidth"), paper)


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="apical-browser-")
        from_us, self.to_browser = os.pipe()
        self.from_browser, from_it = os.pipe()

        def pipes():  # Chromium reads file descriptor 3 and writes 4
            kept = [os.dup(fd) for fd in (from_us, from_it)]
            for number, fd in zip((3, 4), kept):
                os.dup2(fd, number)

        # --no-sandbox: root, as in a container, has no sandbox; the pages are our own.
        self.process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", "--force-color-profile=srgb", f"--user-data-dir={self.profile}",
             "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(from_it)
        self.number, self.buffer, self.events = 0, b"", []
        self.errors, self.requests = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def close(self):
        with contextlib.suppress(OSError):
            self.call("Browser.close", session=False)
        os.close(self.to_browser)
        os.close(self.from_browser)
        self.process.wait(timeout=30)
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def receive(self):
        while b"\0" not in self.buffer:
            if not select.select([self.from_browser], [], [], 60)[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.from_browser, 1 << 16)
            if not piece:
                raise OSError("the browser has gone")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, what = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert", "warning"):
            self.errors.append(str([a.get("value", a.get("description")) for a in what["args"]]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(what["entry"]["text"])
        elif method == "Network.requestWillBeSent" and not what["request"]["url"].startswith(("file:", "data:", "blob:", "about:")):
            self.requests.append(what["request"]["url"])
        elif method:
            self.events.append(method)

    def call(self, method, session=True, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session and self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def open(self, path, fragment=""):
        # By way of nowhere: another fragment of the same page would not load it anew.
        for url in ("about:blank", pathlib.Path(path).resolve().as_uri() + fragment):
            self.events.clear()
            self.call("Page.navigate", url=url)
            while "Page.loadEventFired" not in self.events:
                self.receive()
        self.settle()

    def settle(self):
        """Waits until what was asked for has been drawn."""
        self.run("new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 50)), 50))")

    def run(self, script):
        """The value of an expression, or of the promise it gives."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "the script failed"))
        return answer["result"].get("value")

    def wait_for(self, script, seconds=60):
        end = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.1)

    def look(self, width, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.settle()

    def screenshot(self, path):
        """The whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))
