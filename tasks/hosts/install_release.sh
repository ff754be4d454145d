# Installs one release, after the lines of releases.sh and fetch.sh. Values:
#   url sha256 kind version install_to restart keep facts

# Python's own way to unpack a zip from a shell forgets modes and links.
unzip_with_python='
import os, stat, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        path = os.path.join(sys.argv[2], info.filename)
        if stat.S_ISLNK(mode):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(archive.read(info), os.fsencode(path))
        else:
            archive.extract(info, sys.argv[2])
            if stat.S_IMODE(mode) and not info.is_dir():
                os.chmod(path, mode & 0o755)
'

unpack() {
    if [ "$kind" != zip ]; then
        tar -xf "$1" -C "$2" --no-same-owner --no-same-permissions
    elif command -v unzip >/dev/null 2>&1; then
        unzip -q "$1" -d "$2" >&2
    elif command -v bsdtar >/dev/null 2>&1; then
        bsdtar -xf "$1" -C "$2" --no-same-owner --no-same-permissions
    elif command -v python3 >/dev/null 2>&1; then
        python3 -c "$unzip_with_python" "$1" "$2"
    else
        fail "this instance has none of unzip, bsdtar and python3 to unpack a zip with" "nothing was changed"
    fi
}

for left in "$root/releases/.incoming".*; do
    remove "$left"
done

# The same version with other contents gets a folder beside the first.
release="releases/$version"
if [ -d "$root/$release" ] && [ "$(cat "$root/$release/.sha256" 2>/dev/null)" != "$sha256" ]; then
    release="$release+$(printf %.12s "$sha256")"
fi

if [ ! -d "$root/$release" ]; then
    must mktemp -d "$root/releases/.incoming.XXXXXX"
    incoming=$said
    trap 'rm -rf "$incoming"' EXIT
    fetch "$incoming/archive"
    printf '%s  %s\n' "$sha256" "$incoming/archive" | sha256sum -c - >/dev/null 2>&1 ||
        fail "the release arrived with another SHA-256 than it was sent with" "nothing was changed"
    must mkdir "$incoming/release"
    unpack "$incoming/archive" "$incoming/release" ||
        fail "the release could not be unpacked (is the disk full?)" "nothing was changed"
    must chmod -R u+rwX,go-w,u-s,g-s "$incoming/release"
    # Never through a link that the release may have brought under these names.
    for name in release.json .version .sha256; do
        must rm -rf "$incoming/release/$name"
    done
    must write "$incoming/release/release.json" "$facts$line_end"
    must write "$incoming/release/.version" "$version"
    must write "$incoming/release/.sha256" "$sha256"
    must chmod 755 "$incoming/release"
    must mv -T "$incoming/release" "$root/$release"
else
    # The same release again is a deployment of its own, with its own time.
    must write "$root/releases/.incoming.facts" "$facts$line_end"
    must mv -fT "$root/releases/.incoming.facts" "$root/$release/release.json"
fi

time_for_restarts 2

# Written before the switch. What comes after "current" in it was gone back from, or is only about to be.
if [ "$current" != "$release" ]; then
    lines=$(
        history_before "$current" | grep -Fxv -e "$release" || true
        if is_there "$current"; then printf '%s\n' "$current"; fi
        printf '%s\n' "$release"
    )
    must write "$root/.history.new" "$lines$line_end"
    must mv -fT "$root/.history.new" "$root/.history"
fi
must rm -f "$root/.going-back"

switch_to "$release"
if ! restart_service .restart.log 2; then
    failed="$version did not start$why"
    previous=$(release_before "$release")
    [ -n "$previous" ] || fail "$failed" "there is no earlier release to go back to"
    switch_to "$previous"
    restart_service .restart.back.log 1 ||
        fail "$failed" "$(version_of "$previous") did not start again either$why"
    fail "$failed" "$(version_of "$previous") is running again"
fi

# Old releases go last: first those that nothing goes back to, then the oldest.
{
    history_before "" | sed '1!G;h;$!d' | sed -n 's,^releases/,,p'
    ls -1t "$root/releases"
} | awk '!seen[$0]++' | while IFS= read -r name; do
    [ ! -d "$root/releases/$name" ] || printf '%s\n' "$name"
done | tail -n "+$((keep + 1))" | while IFS= read -r name; do
    [ "releases/$name" != "$release" ] || continue
    # Out of its name first: half a release is none to go back to.
    gone=$(mktemp -d "$root/releases/.incoming.XXXXXX") || break
    mv -T "$root/releases/$name" "$gone" ||
        printf '%s is in use and stays for the next deployment to remove\n' "$name"
    remove "$gone"
done

succeed "$version" "$(place_of "$release")"
