# Installs one release, after the lines of releases.sh and fetch.sh. Values:
#   url sha256 kind version install_to restart keep facts
#   asked  not empty if the release is to be asked whether it is well: until then it is none to go back to
#   misread  not empty if unzip would not give the names of a zip that it was packed with
#   made   the time, as touch takes it, of files that were packed without theirs
#   owner  USER or USER:GROUP whose files they are to be; empty for the owner of what is current

# Python's own way to unpack a zip from a shell forgets modes, times and links, and writes names in the letters of
# the locale. Those of a zip are UTF-8 where it says so, and otherwise the bytes that they are.
unzip_with_python='
import os, shutil, stat, sys, time, zipfile

def unpack(archive, top):
    modes = []
    for info in archive.infolist():
        name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        path = os.path.normpath(os.path.join(top, name))
        mode = info.external_attr >> 16
        os.makedirs(path if name.endswith(b"/") else os.path.dirname(path), exist_ok=True)
        if stat.S_ISLNK(mode):
            os.symlink(archive.read(info), path)
            continue
        if not name.endswith(b"/"):
            with archive.open(info) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
            packed = time.mktime(info.date_time + (0, 0, -1))
            os.utime(path, (packed, packed))
        if stat.S_IMODE(mode):
            modes.append((path, mode & 0o755))
    # What is in a folder comes before its mode.
    for path, mode in reversed(modes):
        os.chmod(path, mode)

try:
    with zipfile.ZipFile(sys.argv[1]) as archive:
        unpack(archive, os.fsencode(sys.argv[2]))
except Exception as problem:
    sys.exit("%s: %s" % (type(problem).__name__, problem))
'

# Has unzip leave names as they are: in a locale without their letters it would write others.
unzip_as_it_is() {
    case $(unzip -v 2>/dev/null) in
    *UNICODE_SUPPORT*) unzip -q -UU "$1" -d "$2" ;;
    *) unzip -q "$1" -d "$2" ;;
    esac
}

# Unpacks the archive $1 to $2, and leaves what there is to complain of in $1.why.
unpack() {
    if [ "$kind" = zip ] && has python3; then
        python3 -c "$unzip_with_python" "$1" "$2" 2>"$1.why"
    elif [ "$kind" = zip ] && has unzip && [ -z "$misread" ]; then
        unzip_as_it_is "$1" "$2" >"$1.why" 2>&1
    elif [ "$kind" != zip ] && has tar; then
        LC_ALL=C tar -xf "$1" -C "$2" --no-same-owner --no-same-permissions 2>"$1.why"
    elif has bsdtar; then
        LC_ALL=C.UTF-8 bsdtar -xf "$1" -C "$2" --no-same-owner --no-same-permissions 2>"$1.why"
    elif [ "$kind" != zip ]; then
        fail "this instance has no tar to unpack the release with" "nothing was changed"
    elif has unzip; then
        fail "this instance has neither python3 nor bsdtar, and its unzip would change names of the release: \
send a .tar.gz" "nothing was changed"
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

# A folder without x, as some that pack leave it, is one that nobody can enter; one who may read it may.
make_passable() {
    chmod -R u+rX,go-w,u-s,g-s "$1" &&
        find "$1" -type d ! -perm -200 -exec chmod u+w {} + &&
        find "$1" -type d -perm -040 ! -perm -010 -exec chmod g+x {} + &&
        find "$1" -type d -perm -004 ! -perm -001 -exec chmod o+x {} +
}

# Packed without times, files have one of their packer's: of 1970 (tar), 1980 (zip) or 1985 (npm), in every release
# the same. To who asks for what has changed since, the next release would be the one before.
give_times() {
    touch -t 199001010000 "$2" && TZ=UTC0 find "$1" ! -type l ! -newer "$2" -exec touch -t "$made" {} +
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
    must make_passable "$incoming/release"
    must give_times "$incoming/release" "$incoming/older"
    give_to_owner "$incoming/release"
    # Never through a link that the release may have brought under these names.
    for name in release.json .version .sha256 .unanswered; do
        must rm -rf "$incoming/release/$name"
    done
    [ -z "${asked:-}" ] || must write "$incoming/release/.unanswered" ""
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
    [ -n "${asked:-}" ] || must rm -f "$root/$release/.unanswered"
    [ -z "$owner" ] || give_to_owner "$root/$release"
fi

mine=$(find "$root/$release" ! -type l -user "$(id -u)" ! -perm -004 | wc -l)
[ -n "$owner" ] || [ "$mine" -eq 0 ] ||
    printf '(%s of its files may be read by their owner alone, %s: --owner gives them to another)\n' \
        "$mine" "$(id -un)"

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
    why=
    if is_there "$current" && [ "$current" != "$previous" ] && ! has_answered "$current"; then
        why=", as $(version_of "$current") never answered its status check"
    fi
    fail "$failed" "$(version_of "$previous") is running again$why"
fi

# Old releases go last: first those that nothing goes back to, then the oldest.
before=
[ "$keep" -lt 2 ] || before=$(release_before "$release")
{
    history_before "" | sed '1!G;h;$!d' | sed -n 's,^releases/,,p'
    ls -1t "$root/releases"
} | awk '!seen[$0]++' | while IFS= read -r name; do
    [ ! -d "$root/releases/$name" ] || printf '%s\n' "$name"
done | tail -n "+$((keep + 1))" | while IFS= read -r name; do
    [ "releases/$name" != "$release" ] && [ "releases/$name" != "$before" ] || continue
    # Out of its name first: half a release is none to go back to.
    gone=$(mktemp -d "$root/releases/.incoming.XXXXXX") || break
    mv -T "$root/releases/$name" "$gone" ||
        printf '%s is in use and stays for the next deployment to remove\n' "$name"
    remove "$gone"
done

succeed "$version" "$(place_of "$release")"
