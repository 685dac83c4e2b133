"""A stream of messages as a territory sends them: a dozen dialects, each device with registers that grow.

Formats as in tests/data/dialects. About half the topics hold a single value, as most gateways have them.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from math import gcd
from typing import Final, TypeAlias

Publication: TypeAlias = tuple[str, bytes]
"""(topic, payload)."""
Template: TypeAlias = Callable[[int, int, datetime], tuple[str, str]]
"""Device number, energy counted so far [Wh] and instant to (topic, payload)."""

BEGIN: Final = datetime(2026, 6, 1, 10, tzinfo=UTC)
EVERY_S: Final = 10
GROWTH_WH: Final = 5
SUMMER: Final = timedelta(hours=2)
STRIDE: Final = 1_000_003
"""A prime that carries from one device and dialect to quite another one."""


def _linky(device: int, wh: int, at: datetime) -> tuple[str, str]:
    local = at + SUMMER
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


def _tasmota_sml(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"tele/lesekopf{device}/SENSOR", (
        f'{{"Time":"{at + SUMMER:%Y-%m-%dT%H:%M:%S}","SML":{{"Total_in":{wh / 1000:.4f},"Total_out":1507.2,'
        f'"Power_curr":{wh % 900 + 190},"Power_p1":{wh % 900},"Power_p2":90,"Power_p3":100,"Volt_p1":237.1,'
        f'"Volt_p2":230.0,"Volt_p3":230.6,"Curr_p1":10.6,"Curr_p2":0.4,"Curr_p3":0.5,'
        f'"Meter_id":"0a01454d48{device:010x}"}}}}'
    )


def _ams_reader(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"strom-{device}", (
        f'{{"id":"A4:CF:12:00:{device >> 8 & 255:02X}:{device & 255:02X}","name":"ams-{device:04}",'
        f'"up":4000,"t":{int(at.timestamp())},"vcc":3.29,"rssi":-58,"temp":-127.0,"data":{{"lv":"KFM_001",'
        f'"meterId":"69700000{device:08}","type":"MA304H3E","P":{wh % 900},"Q":5,"PO":0,"QO":0,"I1":1.5,"I2":0.7,'
        f'"I3":3.25,"U1":230.5,"U2":231.0,"U3":229.5,"tPI":{wh / 1000:.3f},"tPO":1.001,"tQI":7.5,"tQO":0}},'
        f'"realtime":{{"h":0.2,"d":3.4,"m":88.1,"t":5,"x":3.9,"he":0,"de":0,"me":0,"peaks":[3.9]}}}}'
    )


def _zigbee_clamps(device: int, wh: int, at: datetime) -> tuple[str, str]:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.125Z"
    return f"zigbee2mqtt/clamps {device}", (
        f'{{"ac_frequency":50,"current_a":2.5,"current_b":1.25,"energy_a":{wh / 1000:.3f},"energy_b":1.001,'
        f'"energy_flow_a":"consuming","energy_flow_b":"producing","energy_produced_a":0,'
        f'"energy_produced_b":{wh / 2000:.3f},"power_a":{wh % 900}.5,"power_ab":259.5,"power_b":281,'
        f'"power_factor_a":94,"power_factor_b":97,"timestamp_a":"{stamp}","timestamp_b":"{stamp}","voltage":231.5}}'
    )


def _sma_em(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"SMA-EM/status/19{device:08}", (
        f'{{"pconsume":{wh % 900}.3,"psupply":0.0,"pconsumecounter":{wh / 1000:.4f},"psupplycounter":9120.5012,'
        f'"sconsume":{wh % 900 + 12}.1,"ssupply":0.0,"cosphi":0.991,"timestamp":{at.timestamp()}}}'
    )


def _hub(device: int, wh: int, at: datetime) -> tuple[str, str]:
    return f"hub/v1/workshop-{device}", f'{{"at":"{at:%Y-%m-%dT%H:%M:%SZ}","import_kwh":{wh / 1000:.3f},"power_w":431}}'


def _single(topic: str, text: Callable[[int], str]) -> Template:
    """A value without a clock on a topic of its own, in which {} is the device."""
    return lambda device, wh, _at: (topic.format(device), text(wh))


def _kwh(wh: int) -> str:
    return f"{wh / 1000:.3f}"


TEMPLATES: Final[tuple[Template, ...]] = (
    _linky,
    _single("solar/1161{:08}/0/power", lambda wh: f"{wh % 800}.3"),
    _shelly_power,
    _single("solar/1161{:08}/0/yieldtotal", _kwh),
    _hub,
    _single("N/d41243b4{:04x}/grid/30/Ac/Energy/Forward", lambda wh: f'{{"value": {_kwh(wh)}}}'),
    _shelly_registers,
    _single("solar/1161{:08}/0/yieldday", lambda wh: str(wh % 9000)),
    _tasmota_sml,
    _single("evcc/loadpoints/{}/chargeTotalImport", _kwh),
    _ams_reader,
    _single("p1-reader-{}/sensor/energy_consumed_tariff_1/state", _kwh),
    _zigbee_clamps,
    _single("edge/barn-{}/channel/_sum/GridBuyActiveEnergy", str),
    _sma_em,
    _single("solar/1161{:08}/0/voltage", lambda wh: f"{225 + wh % 997 / 100:.2f}"),
)
"""A dozen dialects; whole messages and single values take turns."""


def mixed_messages(number: int, devices: int = 200) -> Iterator[Publication]:
    """So many different messages, every dialect as often; every device speaks again ten seconds later."""
    return islice(_endless(devices), number)


def _endless(devices: int) -> Iterator[Publication]:
    places = len(TEMPLATES) * devices
    if gcd(STRIDE, places) != 1:
        raise ValueError(f"{devices} devices: some would never speak")
    for turn in count():
        at = BEGIN + timedelta(seconds=EVERY_S * turn)
        for number in range(places):
            device, template = divmod(number * STRIDE % places, len(TEMPLATES))
            topic, payload = TEMPLATES[template](device, 1_000_000 + GROWTH_WH * turn + device, at)
            yield topic, payload.encode()
