"""A stream of messages as a territory sends them: a dozen dialects, each device with registers that grow."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Final, TypeAlias

Publication: TypeAlias = tuple[str, bytes]
"""(topic, payload)."""
Template: TypeAlias = Callable[[int, int, datetime], tuple[str, str]]
"""Device number, energy counted so far [Wh] and instant to (topic, payload)."""

BEGIN: Final = datetime(2026, 6, 1, 10, tzinfo=UTC)
PARIS_SUMMER: Final = timedelta(hours=2)


def _linky(device: int, wh: int, at: datetime) -> tuple[str, str]:
    local = at + PARIS_SUMMER
    return f"tele/linky_{device:06}/SENSOR", (
        f'{{"Time":"{local:%Y-%m-%dT%H:%M:%S}","TIC":{{"ADSC":"{41876000000 + device:012}","VTIC":"02",'
        f'"DATE":"E{local:%y%m%d%H%M%S}","NGTF":"H PLEINE-CREUSE","LTARF":"HEURE  PLEINE","EAST":"{wh:09}",'
        f'"EASF01":"{wh // 3:09}","EASF02":"{wh - wh // 3:09}","EASF03":"000000000","IRMS1":"003","URMS1":"231",'
        f'"PREF":"06","PCOUP":"06","SINSTS":"{300 + wh % 900:05}","STGE":"003A4001","RELAIS":"000"}}}}'
    )


def _shelly_power(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"home-{device}/events/rpc", (
        f'{{"src":"shellypro3em-{device:012x}","dst":"home-{device}/events","method":"NotifyStatus","params":'
        f'{{"ts":{at.timestamp():.2f},"em:0":{{"id":0,"a_current":1.203,"a_voltage":230.1,"a_act_power":{wh % 900}.4,'
        f'"a_aprt_power":277.1,"a_pf":0.79,"a_freq":50.0,"b_current":0.5,"b_voltage":231.0,"b_act_power":96.2,'
        f'"b_aprt_power":115.5,"b_pf":0.83,"b_freq":50.0,"c_current":2.2,"c_voltage":229.4,"c_act_power":480.0,'
        f'"c_aprt_power":504.7,"c_pf":0.95,"c_freq":50.0,"n_current":null,"total_current":3.903,'
        f'"total_act_power":{wh % 900 + 576}.6,"total_aprt_power":897.3}}}}}}'
    )


def _shelly_registers(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"home-{device}/events/rpc", (
        f'{{"src":"shellypro3em-{device:012x}","dst":"home-{device}/events","method":"NotifyStatus","params":'
        f'{{"ts":{at.timestamp():.2f},"emdata:0":{{"id":0,"a_total_act_energy":{wh}.05,"a_total_act_ret_energy":0.0,'
        f'"b_total_act_energy":{wh // 2}.5,"b_total_act_ret_energy":0.0,"c_total_act_energy":{wh // 4}.25,'
        f'"c_total_act_ret_energy":1.5,"total_act":{wh + wh // 2 + wh // 4}.8,"total_act_ret":1.5}}}}}}'
    )


def _opendtu(field: str, text: Callable[[int], str]) -> Template:
    return lambda device, wh, _at: (f"solar/1161{device:08}/0/{field}", text(wh))


def _hub(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"hub/v1/workshop-{device}", f'{{"at":"{at:%Y-%m-%dT%H:%M:%SZ}","import_kwh":{wh / 1000:.3f},"power_w":431}}'


TEMPLATES: Final[tuple[Template, ...]] = (
    _linky,
    _opendtu("power", lambda wh: f"{wh % 800}.3"),
    _shelly_power,
    _opendtu("yieldtotal", lambda wh: f"{wh / 1000:.3f}"),
    _hub,
    _opendtu("yieldday", lambda wh: str(wh % 9000)),
    _shelly_registers,
    _opendtu("voltage", lambda wh: f"23{wh % 10}.1"),
)


def mixed_messages(number: int, devices: int = 200) -> Iterator[Publication]:
    """So many different messages, one dialect after the other; every device speaks again ten seconds later."""
    return islice(_endless(devices), number)


def _endless(devices: int) -> Iterator[Publication]:
    for turn in count():
        at = BEGIN + timedelta(seconds=10 * turn)
        for device in range(devices):
            wh = 1_000_000 + 5 * turn + device
            for template in TEMPLATES:
                topic, payload = template(device, wh, at)
                yield topic, payload.encode()
