"""Territory files of every kind of fault: why, the text, and a part of the sentence that refuses it."""

HOLDER = '[[holder]]\nid = "h"\n'
COMMUNITY = '[[community]]\nid = "c"\nname = "C"\nplace = "P"\n'
POINT = '[[point]]\nid = "p"\nholder = "h"\nname = "N"\ncategory = "home"\ncommunity = "c"\n'


def with_key(key: str) -> str:
    return f"{HOLDER}{COMMUNITY}key = [{key}]\n{POINT}"


def with_device(*devices: str) -> str:
    return f"{HOLDER}{COMMUNITY}{POINT}device = [{', '.join(f'{{ {device} }}' for device in devices)}]\n"


STATIC = '{{ type = "static", shares_percent = {{ {} }} }}'
ANOTHER = POINT.replace('"p"', '"q"').replace('community = "c"\n', "")
BROKEN: list[tuple[str, str, str]] = [
    ("not TOML", "community = [", "territory.toml is not valid TOML: Invalid value"),
    ("text without quotes", "[[holder]]\nid = anna\n", "(at line 2, column 6); text goes in quotes"),
    ("a device that is only its id", HOLDER + COMMUNITY + POINT + 'device = ["d"]\n',
        "point p, device number 1: write it as a table of entries, such as { id = \"...\" } (got 'd')"),
    ("a line of not TOML", HOLDER + "what is this", "(at line 3, column 6)"),
    ("an entry told twice", COMMUNITY + 'id = "d"\n', "is not valid TOML: Cannot overwrite a value"),
    ("an unknown table", '[[comunity]]\nid = "c"\n', "territory.toml, comunity: no such entry is known here"),
    ("an unknown entry", COMMUNITY + 'colour = "red"\n', "community c, colour: no such entry is known here; check its"),
    ("a missing entry", '[[community]]\nid = "c"\nname = "C"\n', "community c, place: this entry is missing"),
    ("a missing id: counted from one", HOLDER + "[[holder]]\n", "holder number 2, id: this entry is missing"),
    ("one table for a list", '[holder]\nid = "h"\n',
        "holder: write it in double brackets, [[...]], or as a list, [ ... ] (got {'id': 'h'})"),
    ("an id with a space", '[[holder]]\nid = "a b"\n', "holder a b, id: only a-z, A-Z, 0-9, dot, dash and underscore"),
    ("an id with an accent", '[[holder]]\nid = "café"\n', "(got 'café')"),
    ("an id with a line break", '[[holder]]\nid = "a\\n"\n', "holder 'a\\n', id: only a-z, A-Z, 0-9"),
    ("an empty id", '[[holder]]\nid = ""\n', "id: write 1 or more characters"),
    ("an id too long", f'[[holder]]\nid = "{"x" * 65}"\n', "id: write 64 characters or fewer"),
    ("one of a page", f'[[holder]]\nid = "{"x" * 5000}"\n', "xxx', id: write 64 characters or fewer"),
    ("an unknown entry of two lines", '"colour\\nred" = 1\n', "territory.toml, 'colour\\nred': no such entry"),
    ("a number for an id: a PRM without quotes", "[[holder]]\nid = 14\n",
        "holder number 1, id: write it in quotes (got 14)"),
    ("a name that is no line", COMMUNITY.replace('"C"', '"a\\u0000b"'), "name: no line breaks and no control"),
    ("a kind of holder that does not exist", HOLDER + 'kind = "cat"\n', "holder h, kind: write 'natural', "),
    ("a consent that is no yes or no", HOLDER + 'consent = "no"\n',
        "consent: write true or false, without quotes (got 'no')"),
    ("a step that does not exist", COMMUNITY + "step_min = 45\n", "step_min: write 15, 30 or 60 (got 45)"),
    ("a time zone that does not exist", COMMUNITY + 'zone = "Europe/Mornant"\n',
        "community c: 'Europe/Mornant' is not a time zone (example: Europe/Paris)"),
    ("a role that does not exist", HOLDER + COMMUNITY + POINT + 'role = "x"\n', "point p, role: write 'consumer', "),
    ("a power of nothing", HOLDER + COMMUNITY + POINT + "limit_kva = 0\n", "limit_kva: write 0.001 or more"),
    ("a power that is no number", HOLDER + COMMUNITY + POINT + "limit_kva = nan\n",
        "point p, limit_kva: write a finite number (got nan)"),
    ("a device without id", with_device('channel = "1"'), "point p, device number 1, id: this entry is missing"),
    ("a device that measures nothing", with_device('id = "d", measures = "x"'),
        "device d, measures: write 'grid' or 'production'"),
    ("a channel of control characters", with_device('id = "d", channel = "\\t"'), "channel: no line breaks and no"),
    ("two communities that have all of a point", HOLDER + COMMUNITY + COMMUNITY.replace('"c"', '"d"') + POINT
        + 'membership = [{ community = "d", from = 2026-01-01T00:00:00Z }]\n',
        "point p: from 2026-01-01T00:00:00Z on it takes part with 100 % in c and 100 % in d, 200 % together; write"),
    ("a part of nothing", HOLDER + COMMUNITY
        + POINT + 'membership = [{ community = "c", participation_percent = 0 }]\n',
        "point p, membership number 1, participation_percent: write 1 or more (got 0)"),
    ("a part that is no whole number", HOLDER + COMMUNITY
        + POINT + 'membership = [{ community = "c", participation_percent = 33.3 }]\n',
        "participation_percent: write a whole number"),
    ("two communities of a name", COMMUNITY + COMMUNITY, "community c is declared twice"),
    ("two holders", HOLDER + HOLDER, "holder h is declared twice"),
    ("two points", HOLDER + COMMUNITY + POINT + POINT, "point p is declared twice"),
    ("a holder that is not declared", COMMUNITY + POINT, "point p: holder 'h' is not declared"),
    ("a community that is not declared", HOLDER + POINT, "point p: community 'c' is not declared"),
    ("a community misspelt", HOLDER + COMMUNITY.replace('"c"', '"valley"') + POINT.replace('"c"', '"vallee"'),
        "point p: community 'vallee' is not declared; near it: valley"),
    ("a holder misspelt", HOLDER.replace('"h"', '"town"') + COMMUNITY + POINT.replace('"h"', '"twon"'),
        "point p: holder 'twon' is not declared; near it: town"),
    ("a membership of nothing", HOLDER + COMMUNITY + POINT + 'membership = [{ community = "d" }]\n',
        "point p: community 'd' is not declared"),
    ("a date that is a number", with_device('id = "d", from = 2025'),
        "point p, device d, from: write a date (2025-01-31) or an instant (2025-01-31T12:00:00+01:00) (got 2025)"),
    ("a date that is only a time", with_device('id = "d", from = 07:30:00'), "device d, from: write a date"),
    ("a date in words", with_device('id = "d", to = "yesterday"'), "device d, to: write a date"),
    ("a day that does not exist", with_device('id = "d", to = "2025-02-30"'), "device d, to: write a date"),
    ("a day that TOML does not know", with_device('id = "d", to = 2025-02-30'), "is not valid TOML: Invalid date"),
    ("an end before the beginning", with_device('id = "d", from = 2025-01-02, to = 2025-01-01'),
        "point p, device d: `to` (2025-01-01) must be later than `from` (2025-01-02)"),
    ("an end at the beginning", HOLDER + COMMUNITY + ANOTHER
        + 'membership = [{ community = "c", from = 2025-01-02, to = 2025-01-02 }]\n', "point q, membership of c: `to`"),
    ("a device twice at a time", with_device('id = "d", to = 2025-02-01', 'id = "d", from = 2025-01-01'),
        "device d: two entries overlap at 2024-12-31T23:00:00Z, both of point p"),
    ("a device of two points", with_device('id = "d"') + ANOTHER + 'device = [{ id = "d" }]\n',
        "device d: two entries overlap from the beginning, of points p and q"),
    ("a channel twice for ever", with_device('id = "d", channel = "1"', 'id = "d", channel = "1"'),
        "device d 1: two entries overlap from the beginning, both of point p"),
    ("a member in two ways", HOLDER + COMMUNITY + POINT + 'membership = [{ community = "c", from = 2025-01-01 }]\n',
        "membership of p in c: two entries overlap at 2024-12-31T23:00:00Z"),
    ("two keys at a time", with_key('{ type = "prorata" }, { type = "prorata", from = 2025-01-01 }'),
        "key of community c: two entries overlap at"),
    ("a key that does not exist", with_key('{ type = "fair" }'),
        "key number 1, type: write 'prorata', 'static'"),
    ("a key for a point that is not declared", with_key(STATIC.format("x = 5")), "names 'x', which is not a declared"),
    ("a key for a point elsewhere", with_key(STATIC.format("q = 5")) + ANOTHER, "names 'q', which is never a member"),
    ("more than 100 %", with_key(STATIC.format("p = 60, q = 40.0001")) + ANOTHER + 'community = "c"\n',
        "community c, key static: shares_percent add up to 100.0001 %, more than 100 %"),
    ("more than 100 % for one", with_key(STATIC.format("p = 101")), "shares_percent, p: write 100 or less"),
    ("less than nothing", with_key(STATIC.format("p = -1")), "shares_percent, p: write 0 or more"),
    ("a share that is no number", with_key(STATIC.format("p = nan")), "p: write a finite number (got nan)"),
    ("a share in words", with_key(STATIC.format('p = "half"')), "p: write a number, without quotes (got 'half')"),
    ("a share of yes", with_key(STATIC.format("p = true")), "p: write a number, without quotes (got True)"),
    ("a share of an impossible id", with_key(STATIC.format('"a b" = 1')), "number 1, shares_percent, a b: only a-z"),
    ("a share of a producer", with_key(STATIC.format("p = 5")) + 'role = "producer"\n',
        "community c, key static: shares_percent gives a share to 'p', which is a producer"),
    ("a consumer in the place of a producer", with_key('{ type = "matrix", matrix_percent = { p = { p = 5 } } }'),
        "community c, key matrix: matrix_percent shares what 'p' produces, which is a consumer"),
    ("a static key without shares", with_key('{ type = "static" }'), "a static key needs shares_percent"),
    ("a pro rata key with shares", with_key('{ type = "prorata", shares_percent = { p = 1 } }'),
        "community c, key prorata: a prorata key has no shares_percent"),
]  # fmt: skip
