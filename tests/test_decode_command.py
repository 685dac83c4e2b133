"""`hub decode`: for each message in order the readings it gives, in nine fields; and what it says to broken input."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import pytest

from energy.model import Quantity, unit_of
from energy.territory_sites import RATIOS
from ingest.routes import BY_NAME
from tests.hub_command import call_hub, refused, run_hub

ROOT: Final = Path(__file__).parents[1]
EXAMPLES: Final = sorted((ROOT / "tests" / "data" / "dialects").glob("*.json"))
SHARED: Final = ROOT.parent / "shared" / "dialects"
FIELDS: Final = ["device", "quantity", "value", "unit", "at", "phase", "channel", "tariff", "dialect"]
LINKY: Final = '{"Time":"2026-07-14T12:00:00","TIC":{"ADSC":"010203040506","EAST":"1000"}}'


def decoded(messages: list[dict[str, Any]], folder: Path, **settings: str) -> list[Any]:
    file = folder / "messages.json"
    file.write_text(json.dumps(messages), encoding="utf-8")
    return decoded_file(file, **settings)


def decoded_file(file: Path, *more: str, **settings: str) -> list[Any]:
    code, stdout, stderr = call_hub("decode", "--file", str(file), *more, settings=settings)
    assert (code, stderr) == (0, "")
    return json.loads(stdout)


def expected_of(example: dict[str, Any], dialect: str) -> list[dict[str, Any]]:
    """The readings of an example file, with the fields that it leaves out."""
    return [{name: reading.get(name) for name in FIELDS} | {"dialect": dialect} for reading in example["readings"]]


def told(example: dict[str, Any], base: str = "", usual: str = "") -> dict[str, Any]:
    """The message of an example, below another base topic than the usual one where one is given."""
    zone = {"assume_tz": example["zone"]} if "zone" in example else {}
    return {**example, **zone, "topic": base + example["topic"][len(usual) :] if base else example["topic"]}


def site_of(example: dict[str, Any], dialect: str) -> str:
    """The site of an example as a territory file has it."""
    base = example.get("base")
    site = {"prefix": base, "dialect": dialect} if base else {"prefix": example["topic"]}
    lines = ["[[site]]", *(f"{name} = {json.dumps(text)}" for name, text in site.items()), "[site.role]"]
    for name, role in example.get("roles", {}).items():
        factor = role.get("factor", 1)
        units = [unit for unit, ratio in RATIOS[unit_of(Quantity(role["quantity"]))].items() if ratio == abs(factor)]
        if units:
            inverted = "true" if factor < 0 else "false"
            said = f'quantity = "{role["quantity"]}", unit = "{units[0]}", inverted = {inverted}'
            lines.append(f"{json.dumps(name)} = {{ {said} }}")
        else:
            assert factor == 0.5, "only the pulses of an S0 meter have a factor that no unit says"
    return "\n".join(lines)


def answer_on_its_site(examples: list[dict[str, Any]], place: int, dialect: str, folder: Path) -> Any:
    """The answer to an example of a site, after those before it in its file, with the territory file it needs."""
    example = examples[place]
    base = example.get("base", "")
    messages = [told(one, base, BY_NAME[dialect].base if base else "") for one in examples[: place + 1]]
    file, territory = folder / "messages.json", folder / "territory.toml"
    file.write_text(json.dumps(messages), encoding="utf-8")
    territory.write_text(site_of(example, dialect), encoding="utf-8")
    return decoded_file(file, "--territory", str(territory))[-1]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_recorded_message_is_decoded_as_recorded(file: Path, tmp_path: Path) -> None:
    examples = json.loads(file.read_text(encoding="utf-8"))
    answers = decoded([told(example) for example in examples], tmp_path)
    assert len(answers) == len(examples)
    for place, example in enumerate(examples):
        answer = answers[place]
        if example["topic"].endswith("/relay"):
            continue  # envelopes are opened here: tested below
        if "pulses" in example["why"]:
            continue  # a role by pulses is not to be had in a territory file
        if "roles" in example or "base" in example:
            answer = answer_on_its_site(examples, place, file.stem, tmp_path)
        if "error" in example:
            assert answer.keys() == {"error"}, example["why"]
            assert example["error"] in answer["error"]
        else:
            assert answer == expected_of(example, file.stem), example["why"]
            assert all(list(reading) == FIELDS for reading in answer)


def test_a_real_process_prints_the_same() -> None:
    file = EXAMPLES[0]
    code, stdout, stderr = run_hub("decode", "--file", str(file))
    assert (code, stderr) == (0, "")
    assert json.loads(stdout) == decoded_file(file)


@pytest.mark.parametrize("file", sorted(SHARED.glob("*.json")) or [None], ids=lambda file: file and file.stem)
def test_messages_of_all_the_world_give_an_answer_each(file: Path | None) -> None:
    if file is None:
        pytest.skip(f"{SHARED} is not here: only the project's own recorded messages were decoded.")
    answers = decoded_file(file)
    assert len(answers) == len(json.loads(file.read_text(encoding="utf-8")))
    for answer in answers:
        if isinstance(answer, dict):
            assert answer.keys() == {"error"}
            assert answer["error"]
        else:
            assert all(list(reading) == FIELDS for reading in answer)


def reading(device: str, quantity: str, value: float, at: str | None, dialect: str = "hub_v1") -> dict[str, Any]:
    rest = {"phase": None, "channel": None, "tariff": None, "dialect": dialect}
    return {"device": device, "quantity": quantity, "value": value, "unit": "Wh", "at": at, **rest}


def test_answers_keep_the_order_of_the_messages(tmp_path: Path) -> None:
    messages = [
        {"topic": "hub/v1/b", "payload": '{"import_wh": 2}'},
        {"topic": "no/such/topic", "payload": ""},
        {"topic": "hub/v1/c", "payload": "{}"},
        {"topic": "hub/v1/a", "payload": {"base64": b64encode(b'{"import_kwh": 0.001}').decode()}, "why": "ignored"},
        {"topic": "hub/v1/d", "payload": {"base64": "/w=="}},
    ]
    first, second, third, fourth, fifth = decoded(messages, tmp_path)
    assert first == [reading("b", "import_energy", 2, None)]
    assert second == {"error": "message on 'no/such/topic' cannot be read: no dialect knows this topic"}
    assert third == []
    assert fourth == [reading("a", "import_energy", 1, None)]
    assert fifth["error"].startswith("message on 'hub/v1/d' cannot be read: hub_v1: ")


def test_an_envelope_is_opened(tmp_path: Path) -> None:
    inner = [
        {"received_at": "2026-03-14T09:15:02Z", "topic": "solar/116181000001/0/yieldtotal", "payload": "617.283"},
        {"received_at": 1773479762000, "topic": "hub/v1/x", "payload": '{"import_wh": 1}'},
    ]
    (answer,) = decoded([{"topic": "hub/v1/gateway/relay", "payload": json.dumps({"messages": inner})}], tmp_path)
    assert [one["device"] for one in answer] == ["116181000001", "x"]
    assert [one["at"] for one in answer] == [None, None], "these messages have no clock of their own"


@pytest.mark.parametrize(
    ("message", "settings", "at"),
    [
        ({}, {}, "2026-07-14T10:00:00Z"),
        ({"assume_tz": "America/St_Johns"}, {}, "2026-07-14T14:30:00Z"),
        ({"assume_tz": None}, {"HUB_ZONE": "Asia/Kathmandu"}, "2026-07-14T06:15:00Z"),
        ({"assume_tz": "UTC"}, {"HUB_ZONE": "Asia/Kathmandu"}, "2026-07-14T12:00:00Z"),
    ],
)
def test_local_times_are_read_in_the_zone_that_is_told(
    message: dict[str, Any], settings: dict[str, str], at: str, tmp_path: Path
) -> None:
    ((answer,),) = decoded([{"topic": "tele/linky/SENSOR", "payload": LINKY, **message}], tmp_path, **settings)
    assert (answer["quantity"], answer["value"], answer["at"]) == ("import_energy", 1000, at)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ({}, "2026-10-25T00:30:00Z"),
        ({"received_at": "2026-10-25T00:30:05Z"}, "2026-10-25T00:30:00Z"),
        ({"received_at": "2026-10-25T01:30:05Z"}, "2026-10-25T01:30:00Z"),
        ({"received_at": "2026-10-25T01:30:05Z", "retain": False}, "2026-10-25T01:30:00Z"),
        ({"received_at": "2026-10-25T01:30:05Z", "retain": True}, "2026-10-25T00:30:00Z"),  # it may have waited
    ],
)
def test_the_arrival_tells_the_hours_of_an_autumn_night_apart(told: dict[str, Any], at: str, tmp_path: Path) -> None:
    payload = LINKY.replace("2026-07-14T12:00:00", "2026-10-25T02:30:00")
    ((answer,),) = decoded([{"topic": "tele/linky/SENSOR", "payload": payload, **told}], tmp_path)
    assert answer["at"] == at


def test_numbers_that_json_cannot_write_are_null_and_whole_ones_have_no_fraction(tmp_path: Path) -> None:
    payloads = ['{"import_wh": 1e999}', '{"power_w": -350}', '{"power_w": 0.5}', '{"import_wh": 9e15}']
    answers = decoded([{"topic": "hub/v1/x", "payload": payload} for payload in payloads], tmp_path)
    assert [answer[0]["value"] for answer in answers] == [None, -350, 0.5, 9 * 10**15]


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("", "messages.json is not JSON"),
        ("rubbish", "messages.json is not JSON"),
        ("[" * 100_000, "messages.json is not JSON"),
        (f"[{'9' * 5000}]", "messages.json is not JSON"),
        ("{}", "messages.json is not a JSON list"),
        ("null", "messages.json is not a JSON list"),
        ('{"topic": "a", "payload": ""}\nrubbish', "messages.json, line 2, is not JSON"),
        ('{"topic": "a", "payload": ""}\n\n{"topic": "a"}', "messages.json, line 3: expected"),
        ("[1]", "messages.json, message 1: expected"),
        ('[{"topic": "x", "payload": ""}, {"topic": "x"}]', "messages.json, message 2: expected"),
        ('[{"topic": 1, "payload": ""}]', "messages.json, message 1: expected"),
        ('[{"topic": "x", "payload": {"base64": "%"}}]', "messages.json, message 1: the payload is broken"),
        ('[{"topic": "x", "payload": {"base64": "é"}}]', "messages.json, message 1: the payload is broken"),
        ('[{"topic": "x", "payload": "\\ud800"}]', "messages.json, message 1: the payload is broken"),
        ('[{"topic": "x", "payload": "", "assume_tz": "Mars/Olympus"}]', "'Mars/Olympus' is not a time zone"),
        ('[{"topic": "x", "payload": "", "assume_tz": "../../etc/passwd"}]', "is not a time zone"),
        ('[{"topic": "x", "payload": "", "assume_tz": ["UTC"]}]', "['UTC'] is not a time zone"),
        ('[{"topic": "x", "payload": "", "received_at": "noon"}]', "'noon' is not an instant"),
        ('[{"topic": "x", "payload": "", "received_at": 5}]', "5 is not an instant"),
        ('[{"topic": "x", "payload": "", "received_at": "0001-01-01T00:00:00+12:00"}]', "is not an instant"),
    ],
)
def test_a_file_that_is_no_list_of_messages(text: str, culprit: str, tmp_path: Path) -> None:
    file = tmp_path / "messages.json"
    file.write_text(text, encoding="utf-8")
    assert culprit in refused("decode", "--file", str(file))


def test_topics_of_any_letters_are_shown(tmp_path: Path) -> None:
    topics = ["hub/v1/vallée", "hub/v1/\ud800", "hub/v1/a\0b", "", "/", "hub/v1/" + "x" * 300]
    answers = decoded([{"topic": topic, "payload": '{"import_wh": 1}'} for topic in topics], tmp_path)
    assert answers[0] == [reading("vallée", "import_energy", 1, None)]
    assert all(answer.keys() == {"error"} for answer in answers[1:])


def test_one_message_on_stdin() -> None:
    code, stdout, _ = call_hub("decode", "hub/v1/x", payload=b'{"at": 0, "import_wh": 1}')
    assert (code, json.loads(stdout)) == (0, [reading("x", "import_energy", 1, "1970-01-01T00:00:00Z")])
    assert json.loads(call_hub("decode", "hub/v1/x", payload=b"{}")[1]) == []


@pytest.mark.parametrize(
    ("words", "payload", "culprit"),
    [
        (["no/such/topic"], b"", "no dialect knows this topic"),
        (["hub/v1/x"], b"", "message on 'hub/v1/x' cannot be read"),
        (["hub/v1/x"], b"\xff\x00\n\n", "message on 'hub/v1/x' cannot be read"),
        (["tele/x/SENSOR"], b"[" * 100_000, "message on 'tele/x/SENSOR' cannot be read"),
        (["hub/v1/g/relay"], b"{}", "message on 'hub/v1/g/relay' cannot be read"),
        ([], b"", "give either a TOPIC"),
        (["hub/v1/x", "--file", "x.json"], b"", "give either a TOPIC"),
        (["--file", "missing.json"], b"", "missing.json cannot be read"),
    ],
)
def test_what_cannot_be_decoded_is_refused_in_one_sentence(words: list[str], payload: bytes, culprit: str) -> None:
    assert culprit in refused("decode", *words, payload=payload)


def test_a_territory_file_explains_topics_and_must_name_dialects_that_exist(tmp_path: Path) -> None:
    file = tmp_path / "territory.toml"
    file.write_text('[[site]]\nprefix = "school/dtu"\ndialect = "opendtu"\nname = "school"\n', encoding="utf-8")
    words = ["decode", "school/dtu/116181000001/0/yieldtotal", "--territory", str(file)]
    code, stdout, _ = call_hub(*words, payload=b"1.001")
    answer = {**reading("school/116181000001", "pv_energy", 1001, None, "opendtu")}
    assert (code, json.loads(stdout)) == (0, [answer])
    assert refused("decode", "school/dtu", "--territory", str(file)) == (
        "message on 'school/dtu' cannot be read: the site map says that school/dtu speaks opendtu, "
        "which does not know this topic"
    )
    file.write_text('[[site]]\nprefix = "school/dtu"\ndialect = "opndtu"\n', encoding="utf-8")
    for verb in (words, ["apply", str(file)]):
        assert refused(*verb).startswith(
            "territory.toml, site school/dtu: no dialect is called 'opndtu'; near it: opendtu, "
        )
