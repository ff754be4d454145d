# What installing a release and going back to one share. Lines before this set the values they use; within is
# for all of them.
# Any POSIX shell runs it. DESTDIR stands before every path, as it does for "make install".
#
# In the install folder: releases/NAME, each whole and never rewritten, but for the record of when it was last
# deployed, release.json; "current", a link to one of them;
# ".history", the links' targets in the order in which they became current. Where "current" stands in it
# tells which release was before: going back moves the link and writes nothing else.

set -eu
umask 022

# The seconds since this machine started: a clock that nobody sets.
seconds_up() {
    read -r up rest </proc/uptime
    printf %s "${up%%.*}"
}

# The seconds that are left of those that SSM gives this script, within.
began=$(seconds_up)
seconds_left() {
    printf %s "$((within - $(seconds_up) + began))"
}

root="${DESTDIR:-}$install_to"

# Tells what went wrong, and how that leaves this instance. Each part of a verdict stands behind the mark, which
# nothing else here can know: no release, restart or file can pass for one.
fail() {
    printf '%s%s%s\n' "$mark" "$1" "${2:+; $mark$2}" >&2
    exit 1
}

# Tells that release $1 is running, from the folder $2.
succeed() {
    printf '%srunning %s %sfrom %s\n' "$mark" "$1" "$mark" "$2"
}

# What is current is looked at anew: the step that failed may have been the switch itself.
switched=
standing() {
    now=$(readlink "$root/current" || true)
    if [ -z "$switched" ]; then
        printf 'nothing was changed'
    elif is_there "$now"; then
        printf '%s is current' "$(version_of "$now")"
    else
        printf 'no release is current'
    fi
}

# Does what nothing should stop; what does is told in one line as well. All that it says is left in $said.
must() {
    said=$("$@" 2>&1) || fail "$(printf '%s' "$said" | tail -n 1)" "$(standing)"
}

line_end='
'

write() {
    printf '%s' "$2" >"$1"
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# "current" is at every moment one whole release or another.
switch_to() {
    must ln -sfT "$1" "$root/.current.new"
    switched=yes
    must mv -fT "$root/.current.new" "$root/current"
}

is_there() {
    case $1 in
    /*) [ -d "$1" ] ;;
    *) [ -n "$1" ] && [ -d "$root/$1" ] ;;
    esac
}

# A link's target as people read it: one that other means than ours made may lead anywhere.
place_of() {
    case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$install_to" "$1" ;;
    esac
}

# What somebody's program holds on to stops no deployment.
remove() {
    rm -rf "$@" || printf '%s stays for the next deployment to remove\n' "${1##*/}"
}

# The history as far as $1, which is left out; all of it if $1 is not in it.
history_before() {
    [ -f "$root/.history" ] || return 0
    while IFS= read -r entry; do
        [ "$entry" != "$1" ] || break
        printf '%s\n' "$entry"
    done <"$root/.history"
}

# A release that was to be asked whether it is well, and has not been seen to say so, has a mark of that in it.
has_answered() {
    case $1 in
    /*) : ;;
    *) [ ! -e "$root/$1/.unanswered" ] ;;
    esac
}

# The release that was current before $1, is still there and was well; where none was, the last of all.
release_before() {
    history_before "$1" | {
        before=
        well=
        while IFS= read -r entry; do
            if is_there "$entry"; then
                before=$entry
                if has_answered "$entry"; then well=$entry; fi
            fi
        done
        printf '%s' "${well:-$before}"
    }
}

version_of() {
    # Where a release belongs to a service's user, a link in it could lead to anything that root may read.
    if [ -s "$root/$1/.version" ] && [ ! -L "$root/$1/.version" ]; then
        tr -d '\r\n' <"$root/$1/.version"
    else
        printf '%s' "${1##*/}"
    fi
}

mkdir -p "$root/releases" 2>/dev/null || fail "$install_to cannot be made on this instance" "nothing was changed"
if [ -e "$root/current" ] && [ ! -L "$root/current" ]; then
    fail "$install_to/current is not a link; move it away first" "nothing was changed"
fi

# One deployment at a time: a run that was killed on the agent may still be at work here.
must write "$root/.lock" ""
exec 9>"$root/.lock"
if has flock; then
    patience=$(($(seconds_left) / 2))
    [ "$patience" -lt 300 ] || patience=300
    flock -w "$patience" 9 ||
        fail "another deployment has been at work in $install_to for $patience s" "nothing was changed"
else
    printf '(this instance has no flock: nothing keeps two deployments to it apart)\n'
fi
current=$(readlink "$root/current" || true)
# By hand it is often made with the whole path.
case $current in
"$root/releases/"?*)
    current=${current%"${current##*[!/]}"}
    current=releases/${current##*/}
    ;;
esac
