# Tells what is current on this instance and changes nothing. Values: install_to

root="${DESTDIR:-}$install_to"

if [ ! -d "$root/current" ]; then
    printf 'nothing no release is current in %s\n' "$install_to"
elif [ ! -f "$root/current/release.json" ]; then
    printf 'nothing no release.json\n'
elif [ ! -r "$root/current/release.json" ]; then
    printf 'nothing release.json may not be read\n'
else
    # SSM's list shows 2,500 characters of an output.
    printf 'record %s\n' "$(head -c 2000 "$root/current/release.json" | tr '\r\n' '  ')"
fi
