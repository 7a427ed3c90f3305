"""A collector of OpenLineage events on loopback, for as long as a test needs one."""

import json

from driver.stand_in import StandIn


class Collector(StandIn):
    def __init__(self):
        super().__init__(lambda _: (201, ""))

    @property
    def events(self) -> list[dict]:
        return [json.loads(one.body) for one in self.asked if one.method == "POST"]
