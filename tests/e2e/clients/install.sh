#!/bin/sh
# Installs Debian's Prometheus and Alertmanager in a container, for root only; starts no service.
set -eu
refuse() { echo "$1; install prometheus and prometheus-alertmanager yourself" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || refuse "not root"
[ ! -d /run/systemd/system ] || refuse "a service manager runs here and would start them"
apt-get -qq update
# Where no service manager runs, the runlevel of maintenance keeps init scripts from starting.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
  apt-get -qq install -y --no-install-recommends prometheus prometheus-alertmanager
