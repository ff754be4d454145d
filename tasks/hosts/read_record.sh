# Tells what is current on this instance and changes nothing. Values: install_to mark

root="${DESTDIR:-}$install_to"

if [ ! -d "$root/current" ]; then
    printf '%snothing no release is current in %s\n' "$mark" "$install_to"
elif [ ! -f "$root/current/release.json" ]; then
    printf '%snothing no release.json\n' "$mark"
elif [ -L "$root/current/release.json" ]; then
    printf '%snothing release.json is a link\n' "$mark"
elif [ ! -r "$root/current/release.json" ]; then
    printf '%snothing release.json may not be read\n' "$mark"
else
    # SSM's list shows 2,500 characters of an output.
    printf '%srecord %s\n' "$mark" "$(head -c 2000 "$root/current/release.json" | tr '\r\n' '  ')"
fi
