# Goes back to an earlier release, after the lines of releases.sh. Values:
#   install_to restart
#   to       the version to go to; empty for the release before the current one
#   leaving  the version that must be current, or nothing is done; empty for any

now=$(version_of "$current")
is_there "$current" || fail "$install_to/current leads to no release" "nothing was changed"
[ -z "$leaving" ] || [ "$now" = "$leaving" ] ||
    fail "$now was put there meanwhile, and not $leaving" "it was left alone"

# The newest of that version: of folders with the same version, the one that was current last.
named() {
    found=
    for folder in "$root/releases"/*/; do
        [ -d "$folder" ] || continue
        name=releases/$(basename "$folder")
        if [ "$(version_of "$name")" = "$1" ]; then found=${found:-$name}; fi
    done
    if [ -f "$root/.history" ]; then
        while IFS= read -r entry; do
            if is_there "$entry" && [ "$(version_of "$entry")" = "$1" ]; then found=$entry; fi
        done <"$root/.history"
    fi
    printf '%s' "$found"
}

if [ -n "$to" ]; then
    target=$(named "$to")
    [ -n "$target" ] || fail "there is no release $to in $install_to" "nothing was changed"
elif [ "$(cat "$root/.going-back" 2>/dev/null)" = "$current" ]; then
    # A run was killed after its switch: its restart is what is missing.
    target=$current
else
    target=$(release_before "$current")
    [ -n "$target" ] || fail "there is no earlier release than $now to go back to" "$now stays"
    # By hand there is somebody to ask; a new release that is not well goes, whatever comes after it.
    [ -n "$leaving" ] || has_answered "$target" || {
        name=$(version_of "$target")
        fail "no earlier release than $now has answered its status check; $name, which never did, can be named" \
            "$now stays"
    }
fi

time_for_restarts 1
must write "$root/.going-back.new" "$target"
must mv -fT "$root/.going-back.new" "$root/.going-back"
switch_to "$target"
restart_service .restart.log 1 || fail "$(version_of "$target") did not start$why" "it is current all the same"
must rm -f "$root/.going-back"

succeed "$(version_of "$target")" "$(place_of "$target")"
