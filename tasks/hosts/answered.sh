# Notes that the release that is current has answered its status check. Values: install_to mark
#   version  the one that was asked: another one, that came meanwhile, was not

root="${DESTDIR:-}$install_to"

if [ "$(tr -d '\r\n' <"$root/current/.version" 2>/dev/null)" != "$version" ]; then
    printf '%s%s is not current in %s\n' "$mark" "$version" "$install_to" >&2
    exit 1
fi
if ! rm -f "$root/current/.unanswered" 2>/dev/null; then
    printf '%sthe mark of it cannot be deleted in %s\n' "$mark" "$install_to" >&2
    exit 1
fi
printf '%snoted\n' "$mark"
