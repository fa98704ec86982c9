"""A headless Chromium, driven over a pipe by the DevTools protocol: no driver, no port, no library."""
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SANDBOX = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses to run as root with it


class Browser:
    "One tab; `events` holds what it has reported since the page was opened."

    def __init__(self, *, seconds: float = 120):
        (there, self.write), (self.read, back) = os.pipe(), os.pipe()
        self.seconds, self.home, self.rest, self.number, self.tab, self.events = seconds, tempfile.mkdtemp(), b"", 0, {}, []
        options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={self.home}", *SANDBOX]
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (there, back)]  # out of the way of 3 and 4, where Chromium listens and speaks
        command = ["bash", "-c", f'exec "$0" "$@" 3<&{high[0]} 4>&{high[1]}', CHROMIUM, *options, "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (there, back, *high):
            os.close(end)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.tab = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.write), os.close(self.read)
        shutil.rmtree(self.home, ignore_errors=True)

    def message(self, deadline: float) -> dict:
        "The next message; a browser that says nothing is an error."
        while b"\0" not in self.rest:
            if not select.select([self.read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"the browser said nothing for {self.seconds} s")
            part = os.read(self.read, 1 << 20)
            if not part:
                raise ConnectionError("the browser is gone")
            self.rest += part
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def call(self, method: str, **parameters) -> dict:
        "Send a command and wait for its answer."
        self.number, deadline = self.number + 1, time.monotonic() + self.seconds
        os.write(self.write, json.dumps({"id": self.number, "method": method, "params": parameters, **self.tab}).encode() + b"\0")
        while (answer := self.message(deadline)).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, page: Path, *, width: int, height: int = 800, dark: bool = False) -> None:
        "Show a page and wait until it is loaded."
        self.events, deadline = [], time.monotonic() + self.seconds
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message(deadline))

    def run(self, script: str):
        "The value of an expression in the page; promises are waited for."
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[dict]:
        "Errors and warnings in the console, and exceptions."
        wrong = [event["params"]["exceptionDetails"] for event in self.events if event["method"] == "Runtime.exceptionThrown"]
        logged = [event["params"]["entry"] for event in self.events if event["method"] == "Log.entryAdded"]
        return wrong + [entry for entry in logged if entry["level"] in ("error", "warning")]

    def requests(self) -> list[str]:
        "What was asked for beyond the page's own files."
        sent = [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [address for address in sent if not address.startswith(("data:", "file:"))]
