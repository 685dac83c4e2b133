#!/bin/sh
# Writes the settings of the units into a folder, by default /etc/enercommons, with new passwords. To make new ones later,
# move passwords.env away and run it again: the files of the logins are written anew, hub.env stays as it is.
#   passwords.env  what deploy/timescale/roles.sql reads, and the password of the MQTT user `hub`
#   hub.env        for all units, and commands by hand: what several of them have to agree on, as how long things are kept
#   owner.env, ingest.env, process.env, serve.env: the login of each
# All settings: docs/settings.md.
set -eu
umask 077
folder=${1:-/etc/enercommons}
if [ -e "$folder/passwords.env" ]; then
    echo "$folder/passwords.env is there already: move it away first, or keep the passwords that you have" >&2
    exit 1
fi
mkdir -p "$folder"
owner=$(openssl rand -hex 24) ingest=$(openssl rand -hex 24) process=$(openssl rand -hex 24)
api=$(openssl rand -hex 24) open=$(openssl rand -hex 24) mqtt=$(openssl rand -hex 24)
[ -e "$folder/hub.env" ] || cat > "$folder/hub.env" <<END
HUB_API_HOST=127.0.0.1
HUB_API_PORT=8000

# How long things are kept: docs/keeping.md. In days; 0 is for ever. Here, not in the file of one part.
HUB_KEEP_READINGS_DAYS=0
HUB_KEEP_INTERVALS_DAYS=0
HUB_KEEP_BALANCES_DAYS=0
# Older readings are set aside when they are heard.
HUB_OLDEST_DAYS=35
# What was refused is kept so long after it was last heard, and takes no more than so many MB.
HUB_REJECTED_DAYS=90
HUB_REJECTED_MB=100
# Whether voltage, current and power factor are stored too, which no balance needs.
HUB_KEEP_TECHNICAL=false
END
cat > "$folder/owner.env" <<END
HUB_DATABASE_URL=postgresql://hub:$owner@127.0.0.1:5432/hub
END
cat > "$folder/ingest.env" <<END
HUB_DATABASE_URL=postgresql://hub_ingest:$ingest@127.0.0.1:5432/hub
HUB_MQTT_URL=mqtt://hub:$mqtt@127.0.0.1:1883
END
cat > "$folder/process.env" <<END
HUB_DATABASE_URL=postgresql://hub_process:$process@127.0.0.1:5432/hub
END
cat > "$folder/serve.env" <<END
HUB_DATABASE_URL=postgresql://hub_api:$api@127.0.0.1:5432/hub
HUB_OPEN_DATABASE_URL=postgresql://hub_open:$open@127.0.0.1:5432/hub
END
cat > "$folder/passwords.env" <<END
HUB_DB_PASSWORD=$owner
HUB_INGEST_DB_PASSWORD=$ingest
HUB_PROCESS_DB_PASSWORD=$process
HUB_API_DB_PASSWORD=$api
HUB_OPEN_DB_PASSWORD=$open
HUB_MQTT_PASSWORD=$mqtt
END
echo "the logins are in $folder; passwords.env is for deploy/timescale/roles.sql, which sets them" >&2
