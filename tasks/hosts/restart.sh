# Starts the current release, after the lines of releases.sh. Value: restart

# The lock's descriptor is closed for it: a service started by this must not hold the lock for ever.
# SSM keeps only the head of an output, and the verdict comes last: so what a restart says is cut here. What
# went well is read from SSM's list of all instances, which shows 2,500 characters; what failed, from 24,000.
restart_service() {
    [ -n "$restart" ] || return 0
    exit_code=0
    sh -c "$restart" >"$root/.restart.log" 2>&1 9>&- || exit_code=$?
    lines=$(wc -l <"$root/.restart.log")
    [ "$lines" -le 15 ] || printf '(%s lines in all, in %s/.restart.log; the last ones:)\n' "$lines" "$install_to"
    [ "$exit_code" -eq 0 ] && shown=1500 || shown=3000
    tail -n 15 "$root/.restart.log" | tail -c "$shown"
    return "$exit_code"
}
