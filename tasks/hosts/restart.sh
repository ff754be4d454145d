# Starts the current release, after the lines of releases.sh. Values:
#   restart         the command; empty for none
#   restart_within  seconds that it may take; empty for as many as there are, see below
#
# It runs in a session of its own, and its output goes to a file: what it leaves running holds neither the lock
# nor what SSM reads to its end. All that is in its session is the restart, and is ended with it; a service has
# one of its own, from systemd or by setsid.

apart=$(command -v setsid || true)

# Ends the session $1 after $2 seconds. It has a session of its own too: SSM kills the script's whole group, and a
# restart that goes on all the same ends when it should. Without setsid ($3) there is only the one process.
end_after='
    trap "exit 1" TERM
    left=$2
    while [ "$left" -gt 0 ]; do
        sleep 1 &
        wait "$!"
        kill -0 "$1" || exit 1
        left=$((left - 1))
    done
    trap "" TERM
    members() {
        if [ -z "$3" ]; then
            if kill -0 "$1"; then echo "$1"; fi
            return
        fi
        cat /proc/[0-9]*/stat | awk -v session="$1" '\''
            { process = $1; sub(/.*\) /, ""); if ($4 == session && $1 != "Z") print process }'\''
    }
    for signal in TERM 0 0 0 0 KILL; do
        those=$(members "$@")
        [ -n "$those" ] || break
        kill -s "$signal" $those
        sleep 1
    done
    exit 0'

# What a restart is ended with, and what is left for all else: seconds.
ending=6 spare=5

# The seconds that a restart may take, where $1 of them must fit into what is left.
restart_seconds() {
    seconds=$((($(seconds_left) - spare) / $1 - ending))
    [ -z "$restart_within" ] || [ "$restart_within" -gt "$seconds" ] || seconds=$restart_within
    printf %s "$seconds"
}

# SSM keeps only the head of an output, and the verdict comes last: so what a restart says is cut here. What
# went well is read from SSM's list of all instances, which shows 2,500 characters; what failed, from 24,000.
show_restart() {
    [ "$2" -eq 0 ] && shown=1500 || shown=3000
    lines=$(awk 'END { print NR }' "$root/$1")
    if [ "$lines" -gt 15 ] || [ "$(wc -c <"$root/$1")" -gt "$shown" ]; then
        printf '(%s lines in all, in %s/%s; the last ones:)\n' "$lines" "$install_to" "$1"
    elif [ -s "$root/$1" ] && [ "$2" -ne 0 ]; then
        printf '(what the restart said, also in %s/%s:)\n' "$install_to" "$1"
    elif [ "$2" -ne 0 ]; then
        printf '(the restart said nothing)\n'
    fi
    # The end of a line is added where there is none.
    tail -n 15 "$root/$1" | tail -c "$shown" | sed '$a\'
}

# Nothing is switched that could not be restarted, and back again.
time_for_restarts() {
    [ -z "$restart" ] || [ "$(restart_seconds "$1")" -gt 0 ] ||
        fail "of $within s too few are left to restart anything" "nothing was changed"
}

# Leaves in $why more of how it went, and all that it said in the file $1. So many are to fit as $2 says.
restart_service() {
    why=
    [ -n "$restart" ] || return 0
    seconds=$(restart_seconds "$2")
    # A service of a release before may still write to the file of then.
    rm -f "$root/$1"
    $apart sh -c "$restart" >"$root/$1" 2>&1 </dev/null 9>&- &
    restarting=$!
    $apart sh -c "$end_after" - "$restarting" "$seconds" "$apart" >/dev/null 2>&1 </dev/null 9>&- &
    watching=$!
    exit_code=0
    # Some shells have a word on whatever a signal ended.
    wait "$restarting" 2>/dev/null || exit_code=$?
    kill "$watching" 2>/dev/null || true
    if wait "$watching" 2>/dev/null; then
        why=" (the restart had not ended after $seconds s, and was ended)"
        exit_code=1
    fi
    show_restart "$1" "$exit_code"
    return "$exit_code"
}
