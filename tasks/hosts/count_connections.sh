# Counts the connections that requests may be in flight on, and changes nothing. Values:
#   table  a line for each instance: its id, its own address, and ports with commas between them
#   mark   stands before the one line that it prints
#
# It prints one line: "connections N", or "no evidence WHY" where what the kernel lists may not be all there is.

export LC_ALL=C

none() {
    printf '%sno evidence %s\n' "$mark" "$*"
    exit 0
}

sockets() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# The kernel lists an address as hexadecimal bytes, the last one first, and an IPv4 one also as a part of IPv6.
asked=$(printf '%s\n' "$table" | awk -v id="${AWS_SSM_INSTANCE_ID:-none}" '
    $1 == id {
        split($2, byte, "."); count = split($3, port, ",")
        printf "%02X%02X%02X%02X", byte[4], byte[3], byte[2], byte[1]
        for (i = 1; i <= count; i++) printf " %04X", port[i]
        exit
    }')
[ -n "$asked" ] || none "the SSM agent does not say which instance this is"
[ -r /proc/net/tcp ] || none "/proc/net/tcp cannot be read"
address=${asked%% *}
ports=${asked#* }

# Every IPv6 address is its own, but for those that stand for an IPv4 one, and the loopback one.
mine='
    function mine(own) {
        if (length(own) == 8 || own ~ /^0000000000000000FFFF0000/) return substr(own, length(own) - 7) == address
        return own != "00000000000000000000000001000000"
    }'

# What listens on a port: its socket's number. 0A is LISTEN.
listeners() {
    sockets | awk -v address="$address" -v port="$1" "$mine"'
        {
            split($2, own, ":")
            if ($4 == "0A" && own[2] == port && (mine(own[1]) || own[1] ~ /^(0+|0+FFFF00000+)$/)) print $10
        }'
}

# The names of the processes that hold those sockets, and a - for a socket that nobody seems to hold.
holders() {
    ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v numbers="$1" '
        BEGIN { count = split(numbers, number, " "); for (i = 1; i <= count; i++) wanted["socket:[" number[i] "]"] }
        /^\/proc\// { split($0, part, "/"); process = part[3] }
        $NF in wanted { held[$NF]; if (!seen[process]++) print process }
        END { for (each in wanted) if (!(each in held)) print "-" }' |
        while IFS= read -r process; do
            [ "$process" = - ] && echo - || cat "/proc/$process/comm" 2>/dev/null
        done
}

for port in $ports; do
    number=$(printf %d "0x$port")
    found=$(listeners "$port")
    # A container's port: its connections are in the list of the container's own network.
    [ -n "$found" ] || none "no process of the host itself listens on port $number"
    names=$(holders "$(printf '%s' "$found" | tr '\n' ' ')")
    [ -n "$names" ] || none "what listens on port $number cannot be seen"
    for name in $names; do
        case $name in
        -) none "what listens on port $number cannot be seen" ;;
        docker-proxy | dockerd | containerd* | conmon | rootlessport | rootlesskit | slirp4netns | pasta* | passt* | \
            kube-proxy | k3s* | rke2* | cilium*) none "port $number is passed on to a container by $name" ;;
        esac
    done
done

# 01 is ESTABLISHED; 03 is about to be; 08 is a client that said all and still gets its answer.
connections() {
    sockets | awk -v address="$address" -v ports="$ports" "$mine"'
        BEGIN { count = split(ports, port, " "); for (i = 1; i <= count; i++) wanted[port[i]] }
        {
            split($2, own, ":")
            if (mine(own[1]) && own[2] in wanted && ($4 == "01" || $4 == "03" || $4 == "08")) found++
        }
        END { if (NR) print found + 0 }'
}

# Twice: between two requests a client may be about to open the next connection.
first=$(connections)
sleep 2
second=$(connections)
[ -n "$first" ] && [ -n "$second" ] || none "/proc/net/tcp cannot be read"
[ "$first" -gt "$second" ] || first=$second
printf '%sconnections %s\n' "$mark" "$first"
