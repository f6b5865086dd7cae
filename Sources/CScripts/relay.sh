#!/usr/bin/env bash
# A ProxyCommand: bash relay.sh ADDRESS:PORT [ADDRESS:PORT=HOST:PORT …]
# Leads to what a node's address and port are published as, for nodes whose addresses this machine does not reach. (net-ssh takes the
# ProxyCommand of an included file, and the host and the port of the file that includes it: that place is as good.)
wanted=$1
shift
for pair; do
    place=${pair#*=}
    [ "${pair%%=*}" = "$wanted" ] || [ "$place" = "$wanted" ] || continue
    exec 3<>"/dev/tcp/${place%:*}/${place##*:}" || exit 1
    cat <&3 &
    # Standard output is the other program's alone from here on: ssh is told when the node closes the connection.
    exec >&3
    # ssh's last word to its ProxyCommand. What it no longer writes is the end as well.
    trap : HUP
    cat
    kill $! 2>/dev/null
    exit 0
done
echo "$wanted can't be reached from this machine: publish the port, or go through another node (ssh -J)." >&2
exit 1
