#!/bin/sh
# Write the password of the user `hub` into the password file, beside those of the devices, and become mosquitto.
set -eu
config=${MOSQUITTO_CONFIG:-/mosquitto/config}
data=${MOSQUITTO_DATA:-/mosquitto/data}
if [ -z "${HUB_MQTT_PASSWORD:-}" ]; then
    echo "Set HUB_MQTT_PASSWORD: it is the password with which the hub reads the broker." >&2
    exit 1
fi

# Mosquitto wants these files unreadable for others, which mounted files seldom are.
umask 077
cat "$config/acl" > "$data/acl"

# Through a file: an argument could be seen in the list of processes.
printf 'hub:%s\n' "$HUB_MQTT_PASSWORD" > "$data/passwords.new"
mosquitto_passwd -U "$data/passwords.new"
touch "$data/passwords"
sed '/^hub:/d' "$data/passwords" >> "$data/passwords.new"
mv "$data/passwords.new" "$data/passwords"

exec mosquitto -c "$config/mosquitto.conf"
