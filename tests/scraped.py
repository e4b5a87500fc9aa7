"""Reading what GET /metrics answered, by Prometheus's own parser."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Scraped:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The sample with exactly these labels; None when there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples that carry at least these labels."""
        wanted = set(labels.items())
        return sum(
            value
            for (found, carried), value in self.samples.items()
            if found == name and wanted <= carried
        )

    def carried(self, label: str, name: str = "") -> set[str]:
        """Every value of a label, of one metric or of all."""
        return {
            value
            for (found, labels) in self.samples
            for key, value in labels
            if key == label and name in ("", found)
        }


def scrape(url: str, token: str = "") -> Scraped:
    """Scrape a running process over a connection of its own."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"{url}/metrics", headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Scraped(answer.text)
