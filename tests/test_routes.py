"""The site map: which dialects are asked about a topic, and what a site says of the messages below its prefix."""

from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.errors import UndecodableMessage
from energy.model import ChannelRole, Message, Quantity, Site
from ingest.decode import Decoder
from ingest.dialect import ANY_TOPIC, topic_matches
from ingest.dialects import DIALECTS
from ingest.routes import Routes, dialects_of

VIENNA: Final = ZoneInfo("Europe/Vienna")
ENVOY: Final = b'[{"eid": 704643584, "timestamp": 1777717229, "actEnergyDlvd": 6}]'
LINKY: Final = b'{"Time":"2026-07-14T12:00:00","TIC":{"ADSC":"010203040506","EAST":"1000"}}'
YIELD: Final = "116181000001/0/yieldtotal"
KWH: Final = {"chn0": ChannelRole(Quantity.IMPORT_ENERGY, 1000.0), "chn1": ChannelRole(Quantity.ACTIVE_POWER, -1.0)}


def narrow(topic: str) -> list[str]:
    """The dialects that are asked about a topic, without those that are asked about any."""
    return [dialect.name for dialect in dialects_of(topic) if ANY_TOPIC not in dialect.topics]


@pytest.mark.parametrize(
    ("why", "topic", "names"),
    [
        ("the hub's own", "hub/v1/home", ["hub_v1"]),
        ("its relay", "hub/v1/gateway/relay", ["hub_v1"]),
        ("a first level", "solar/116181000001/0/power", ["opendtu"]),
        ("a first level that is empty", "/envoy/json", ["enphase_envoy"]),
        ("a whole topic", "Inverter/GridWatts", ["enphase_envoy"]),
        ("a last level, whatever the prefix", "a/b/device/0123/realtime", ["iammeter"]),
        ("several candidates, in the order of the list", "solar/116181000001/status/reachable",
            ["shelly_gen2", "opendtu"]),
        ("nobody", "home/kitchen/oven", []),
        ("nothing, which is one level", "", ["sma_sbfspot"]),
    ],
)  # fmt: skip
def test_dialects_of_a_topic(why: str, topic: str, names: list[str]) -> None:
    assert narrow(topic) == names, why


def test_a_dialect_for_any_topic_is_asked_for_any() -> None:
    for topic in ("", "/", "no/such/topic", "solar/116181000001/0/power"):
        assert [d.name for d in DIALECTS if ANY_TOPIC in d.topics] == [
            d.name for d in dialects_of(topic) if ANY_TOPIC in d.topics
        ]


LEVELS: Final = sorted({level for dialect in DIALECTS for topic in dialect.topics for level in topic.split("/")})


@given(st.lists(st.sampled_from(LEVELS) | st.text(max_size=3).filter(lambda level: "/" not in level)))
def test_asked_are_exactly_those_with_a_filter_that_fits(levels: list[str]) -> None:
    """The index by first or last level, against trying every filter of every dialect."""
    topic = "/".join(levels)
    fitting = [d.name for d in DIALECTS if any(topic_matches(wanted, topic) for wanted in d.topics)]
    assert [dialect.name for dialect in dialects_of(topic)] == fitting


@pytest.mark.parametrize(
    ("why", "prefixes", "topic", "prefix"),
    [
        ("the topic itself", ["a/b"], "a/b", "a/b"),
        ("below it", ["a/b"], "a/b/c/d", "a/b"),
        ("not beside it: levels are whole", ["a/b"], "a/bc", None),
        ("not above it", ["a/b"], "a", None),
        ("the longest of several", ["a", "a/b", "a/b/c/d"], "a/b/c", "a/b"),
        ("whatever their order", ["a/b", "a"], "a/b/c", "a/b"),
        ("a leading slash", ["/envoy"], "/envoy/json", "/envoy"),
        ("which counts", ["envoy"], "/envoy/json", None),
        ("an empty level in the middle", ["a/"], "a//b", "a/"),
        ("nothing known", [], "a/b", None),
        ("no topic", ["a"], "", None),
    ],
)
def test_the_longest_prefix_counts(why: str, prefixes: list[str], topic: str, prefix: str | None) -> None:
    route = Routes(Site(known, name=known) for known in prefixes).of(topic)
    assert route.name == (prefix or ""), why


def decoded(site: Site, topic: str, payload: bytes, **more: Any) -> list[tuple[str, str, float]]:
    readings = Decoder([site]).decode(Message(topic, payload, **more))
    return [(reading.device, reading.quantity.value, reading.value) for reading in readings]


@pytest.mark.parametrize(
    ("why", "site", "topic", "payload", "readings"),
    [
        ("another base topic", Site("school/dtu", "opendtu"), f"school/dtu/{YIELD}", b"1.001",
            [("116181000001", "pv_energy", 1001)]),
        ("the usual one, said aloud", Site("solar", "opendtu"), f"solar/{YIELD}", b"1.001",
            [("116181000001", "pv_energy", 1001)]),
        ("a part of a longer one", Site("a/solar", "opendtu"), f"a/solar/{YIELD}", b"1.001",
            [("116181000001", "pv_energy", 1001)]),
        ("a name before the ids", Site("a/solar", "opendtu", name="school"), f"a/solar/{YIELD}", b"1.001",
            [("school/116181000001", "pv_energy", 1001)]),
        ("a name where the hub recognises the dialect by itself", Site("solar", name="é"), f"solar/{YIELD}", b"1",
            [("é/116181000001", "pv_energy", 1000)]),
        ("a base that is one topic, with a leading slash", Site("homes/3/envoy", "enphase_envoy"), "homes/3/envoy",
            ENVOY, [("homes/3/envoy/704643584", "import_energy", 6)]),
        ("that one itself", Site("/envoy/json", "enphase_envoy"), "/envoy/json", ENVOY,
            [("/envoy/json/704643584", "import_energy", 6)]),
        ("a site of that topic without dialect", Site("/envoy", name="house"), "/envoy/json", ENVOY,
            [("house/704643584", "import_energy", 6)]),
        ("a dialect whose topics have no base of their own", Site("home", "tasmota_teleinfo"), "home/tele/x/SENSOR",
            LINKY, [("010203040506", "import_energy", 1000)]),
        ("a role", Site("vzlogger", roles=KWH), "vzlogger/data/chn0/raw", b"1.5",
            [("vzlogger/data", "import_energy", 1500)]),
        ("a role that turns the sign round", Site("vzlogger", roles=KWH), "vzlogger/data/chn1/raw", b"350",
            [("vzlogger/data", "active_power", -350)]),
        ("a role below another base topic", Site("cellar", "vzlogger", name="town", roles=KWH), "cellar/data/chn0/agg",
            b"1.5", [("town/cellar/data", "import_energy", 1500)]),
    ],
)  # fmt: skip
def test_what_a_site_says(
    why: str, site: Site, topic: str, payload: bytes, readings: list[tuple[str, str, float]]
) -> None:
    assert decoded(site, topic, payload) == readings, why


@pytest.mark.parametrize(
    ("why", "zone", "message_zone", "at"),
    [
        ("the site's clock", "Asia/Kathmandu", VIENNA, "2026-07-14T06:15:00+00:00"),
        ("without one, that of the hub", "", ZoneInfo("Asia/Kathmandu"), "2026-07-14T06:15:00+00:00"),
    ],
)
def test_local_times_are_those_of_the_site(why: str, zone: str, message_zone: ZoneInfo, at: str) -> None:
    message = Message("tele/linky/SENSOR", LINKY, zone=message_zone)
    (reading,) = Decoder([Site("tele", zone=zone)]).decode(message)
    assert reading.at is not None
    assert reading.at.isoformat() == at, why


@pytest.mark.parametrize(
    ("why", "site", "topic", "reason"),
    [
        ("a topic that the dialect does not have", Site("cellar", "vzlogger"), "tele/x", "no dialect knows this topic"),
        ("below a site only its dialect is asked", Site("solar", "iammeter"), f"solar/{YIELD}",
            "the site map says that solar speaks iammeter, which does not know this topic"),
        ("a topic too short for the dialect", Site("cellar", "opendtu"), "cellar",
            "the site map says that cellar speaks opendtu, which does not know this topic"),
        ("a dialect without base, whose topics begin otherwise", Site("solar", "hub_v1"), f"solar/{YIELD}",
            "the site map says that solar speaks hub_v1, which does not know this topic"),
        ("a topic that only the content could tell", Site("solar", "opendtu"), "solar/battery/power",
            "the site map says that solar speaks opendtu, which does not know this message"),
        ("a dialect that this hub does not have yet", Site("solar", "of_tomorrow"), f"solar/{YIELD}",
            "the site map says that solar speaks of_tomorrow, which this hub does not know"),
        ("no role for a channel", Site("vzlogger", roles=KWH), "vzlogger/data/chn2/raw",
            "vzlogger: channel 'chn2' has no role: name it so in a [[site]] (channels of vzlogger: chn<n>)"),
    ],
)  # fmt: skip
def test_what_the_site_map_does_not_explain_is_refused(why: str, site: Site, topic: str, reason: str) -> None:
    with pytest.raises(UndecodableMessage) as refused:
        decoded(site, topic, b"1")
    assert (refused.value.topic, refused.value.reason) == (topic, reason), why


def test_beside_a_site_the_hub_recognises_devices_by_itself() -> None:
    decoder = Decoder([Site("school/dtu", "opendtu", name="school")])
    assert [r.device for r in decoder.decode(Message(f"solar/{YIELD}", b"1"))] == ["116181000001"]
    assert [r.device for r in decoder.decode(Message(f"school/dtu/{YIELD}", b"1"))] == ["school/116181000001"]
    assert [r.device for r in decoder.decode(Message(f"school/dtu/{YIELD}", b"2"))] == ["school/116181000001"]


def test_what_one_site_announced_is_not_true_of_another() -> None:
    """A hybrid's DC power is its production, a string inverter's is not: told by what else the same one publishes."""
    decoder = Decoder([Site("north", "deye_mqtt"), Site("south", "deye_mqtt")])
    assert decoder.decode(Message("north/ac/active_power", b"900"))
    powers = [decoder.decode(Message(f"{site}/dc/total_power", b"950"))[0] for site in ("north", "south")]
    assert [(power.device, power.quantity.value) for power in powers] == [
        ("north", "pv_dc_power"),
        ("south", "pv_power"),
    ]
    assert decoder.newly_kept == {"north/ac/active_power": b"900"}
    restarted = Decoder([Site("north", "deye_mqtt")], decoder.newly_kept)
    assert restarted.decode(Message("north/dc/total_power", b"950")) == powers[:1]
