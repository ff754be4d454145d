# Runs on the instance, as the SSM agent's user, after lines that set the values it uses:
#   url sha256 version install_to restart keep facts
# Any POSIX shell runs it. DESTDIR stands before every path, as it does for "make install".

set -eu
umask 022

root="${DESTDIR:-}$install_to"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

switch_to() {
    ln -sfn "$1" "$root/.current.new"
    mv -Tf "$root/.current.new" "$root/current"
}

# The lock's descriptor is closed here: a service started by this must not hold the lock for ever.
restart_service() {
    [ -z "$restart" ] || sh -c "$restart" 9>&-
}

download() {
    if command -v curl >/dev/null 2>&1; then
        curl -fsS --retry 3 --connect-timeout 10 -o "$1" "$url"
    elif command -v wget >/dev/null 2>&1; then
        wget -q --tries=3 --timeout=30 -O "$1" "$url"
    else
        fail "this instance has neither curl nor wget to fetch the release with"
    fi
}

mkdir -p "$root/releases" || fail "$install_to cannot be made on this instance"

# One deployment at a time: a run that was killed on the agent may still be at work here.
exec 9>"$root/.lock"
if command -v flock >/dev/null 2>&1; then
    flock -w 300 9 || fail "another deployment has been at work in $install_to for 300 s"
fi
rm -rf "$root/releases/.incoming".*

# A release's folder is never rewritten. The same version with other contents gets a folder beside it.
release="releases/$version"
if [ -d "$root/$release" ] && [ "$(cat "$root/$release/.sha256" 2>/dev/null)" != "$sha256" ]; then
    release="$release+$(printf %.12s "$sha256")"
fi

if [ ! -d "$root/$release" ]; then
    incoming=$(mktemp -d "$root/releases/.incoming.XXXXXX")
    trap 'rm -rf "$incoming"' EXIT
    download "$incoming/archive" || fail "the release could not be fetched; nothing was changed"
    printf '%s  %s\n' "$sha256" "$incoming/archive" | sha256sum -c - >/dev/null 2>&1 ||
        fail "the release arrived with another SHA-256 than it was sent with; nothing was changed"
    mkdir "$incoming/release"
    tar -xf "$incoming/archive" -C "$incoming/release" --no-same-owner ||
        fail "the release could not be unpacked (is the disk full?); nothing was changed"
    printf '%s\n' "$facts" >"$incoming/release/release.json"
    printf '%s' "$sha256" >"$incoming/release/.sha256"
    chmod 755 "$incoming/release"
    mv -T "$incoming/release" "$root/$release"
fi

# "previous" outlives a killed run, which by now may have switched "current" already.
current=$(readlink "$root/current" || true)
if [ -n "$current" ] && [ "$current" != "$release" ]; then
    ln -sfn "$current" "$root/.previous.new"
    mv -Tf "$root/.previous.new" "$root/previous"
fi
previous=$(readlink "$root/previous" || true)

switch_to "$release"
if ! restart_service; then
    if [ -n "$previous" ] && [ "$previous" != "$release" ] && [ -d "$root/$previous" ]; then
        switch_to "$previous"
        restart_service || fail "$version did not start, and ${previous#releases/} did not start again either"
        fail "$version did not start; ${previous#releases/} is running again"
    fi
    fail "$version did not start, and there is no earlier release to go back to"
fi

# Old releases go last, and never the two that a rollback needs.
kept=0
ls -1t "$root/releases" | while IFS= read -r name; do
    kept=$((kept + 1))
    case "releases/$name" in
    "$release" | "$previous") ;;
    *) [ "$kept" -le "$keep" ] || rm -rf "$root/releases/$name" ;;
    esac
done

printf 'running %s from %s/%s\n' "$version" "$install_to" "$release"
