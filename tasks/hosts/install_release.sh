# Installs one release, after the lines of releases.sh and fetch.sh. Values:
#   url sha256 kind version install_to restart keep facts
#   owner  USER or USER:GROUP whose files they are to be; empty for the owner of what is current

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

# Unpacks the archive $1 to $2, and leaves what there is to complain of in $1.why.
unpack() {
    if [ "$kind" = zip ] && has unzip; then
        unzip -q "$1" -d "$2" >"$1.why" 2>&1
    elif [ "$kind" != zip ] && has tar; then
        tar -xf "$1" -C "$2" --no-same-owner --no-same-permissions 2>"$1.why"
    elif has bsdtar; then
        bsdtar -xf "$1" -C "$2" --no-same-owner --no-same-permissions 2>"$1.why"
    elif [ "$kind" != zip ]; then
        fail "this instance has no tar to unpack the release with" "nothing was changed"
    elif has python3; then
        python3 -c "$unzip_with_python" "$1" "$2" 2>"$1.why"
    else
        fail "this instance has none of unzip, bsdtar and python3 to unpack a zip with" "nothing was changed"
    fi
}

# The program that GNU's tar leaves unpacking to, by the first bytes of the archive $1.
unpacker() {
    case $(od -An -tx1 -N 6 "$1" | tr -d ' \n') in
    1f8b*) printf gzip ;;
    425a68*) printf bzip2 ;;
    fd377a585a00) printf xz ;;
    esac
}

# Why the archive $1 could not be unpacked to $2.
why_not() {
    needed=$(unpacker "$1")
    if [ "$kind" != zip ] && [ -n "$needed" ] && ! has "$needed"; then
        printf 'this instance has no %s, which its tar needs for it' "$needed"
        return
    fi
    full=$(grep -iE 'no space left|wrote only|disk full|quota|file too large' "$1.why" | head -n 1)
    free=$(df -P "$2" 2>/dev/null | awk 'NR == 2 { print $4 }')
    # What a program complains of first is why; the last is that it gives up.
    printf '%s' "${full:-$(head -n 1 "$1.why")}" | cut -c -300 | tr -c '[:print:]' ' ' | sed 's, *$,,'
    if [ -n "$full" ] || [ "${free:-1}" -eq 0 ]; then printf '%s' ': is the disk full?'; fi
}

sum_of() {
    if has sha256sum; then
        sha256sum <"$1"
    elif has shasum; then
        shasum -a 256 <"$1"
    elif has openssl; then
        openssl dgst -sha256 -r <"$1"
    else
        fail "this instance has none of sha256sum, shasum and openssl to check the release with" \
            "nothing was changed"
    fi
}

# A service that runs as a user of its own reads its files as that user: they are given to whom the command line
# says, or else to whom the release belongs that is current. An archive's own owners are those of another machine.
give_to_owner() {
    whose=$owner
    if [ -z "$whose" ] && [ "$(id -u)" = 0 ] && is_there "$current"; then
        case $current in
        /*) whose=$(ls -ldn "$current/") ;;
        *) whose=$(ls -ldn "$root/$current/") ;;
        esac
        whose=$(printf '%s' "$whose" | awk '{ print $3 ":" $4 }')
        [ "$whose" != "$(id -u):$(id -g)" ] || return 0
        printf '(its files are given to %s, whose release is current)\n' "$whose"
    fi
    [ -z "$whose" ] || chown -hR -- "$whose" "$1" 2>"$root/.chown.why" || {
        why=$(tail -n 1 "$root/.chown.why" | tr -c '[:print:]\n' ' ')
        fail "the release cannot be given to $whose on this instance ($why)" "nothing was changed"
    }
    rm -f "$root/.chown.why"
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
    must mkdir "$incoming/release"
    # An owner that there is not is told before anything is fetched.
    give_to_owner "$incoming/release" >/dev/null
    fetch "$incoming/archive"
    digest=$(sum_of "$incoming/archive")
    [ "${digest%%[!0-9a-f]*}" = "$sha256" ] ||
        fail "the release arrived with another SHA-256 than it was sent with" "nothing was changed"
    unpack "$incoming/archive" "$incoming/release" ||
        fail "the release could not be unpacked ($(why_not "$incoming/archive" "$incoming"))" "nothing was changed"
    must chmod -R u+rwX,go-w,u-s,g-s "$incoming/release"
    give_to_owner "$incoming/release"
    # Never through a link that the release may have brought under these names.
    for name in release.json .version .sha256; do
        must rm -rf "$incoming/release/$name"
    done
    must write "$incoming/release/release.json" "$facts$line_end"
    must write "$incoming/release/.version" "$version"
    must write "$incoming/release/.sha256" "$sha256"
    must chmod 755 "$incoming/release"
    must mv -T "$incoming/release" "$root/$release"
    remove "$incoming"
else
    # The same release again is a deployment of its own, with its own time.
    must write "$root/releases/.incoming.facts" "$facts$line_end"
    must mv -fT "$root/releases/.incoming.facts" "$root/$release/release.json"
    [ -z "$owner" ] || give_to_owner "$root/$release"
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
    mine=$(find "$root/$release" ! -type l -user "$(id -u)" ! -perm -004 | wc -l)
    [ -n "$owner" ] || [ "$mine" -eq 0 ] ||
        printf '(%s of its files may be read by their owner alone, %s: --owner gives them to another)\n' \
            "$mine" "$(id -un)"
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
