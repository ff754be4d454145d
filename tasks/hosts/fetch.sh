# Fetches what a link leads to, or says what came instead. Value: url
#
# The link is a secret: on a command line every user of the host could read it, so it is read from a pipe.

host=${url#*://}
host=${host%%/*}

# The beginning of a file as one line of text.
beginning() {
    head -c 4000 "$1" 2>/dev/null | tr -c '[:print:]' ' '
}

# What S3 says in an element of its error $1 (API reference, Error responses).
element() {
    printf '%s' "$1" | sed -n "s,.*<$2>\([^<]*\)</$2>.*,\1,p" | cut -c -300
}

# What a program complained of last; a line that has the link in it is not told.
complaint() {
    grep -v '://' "$1.why" | tail -n 1 | cut -c -300 | tr -c '[:print:]\n' ' '
}

is_page() {
    case $1 in
    *'<html'* | *'<HTML'* | *'<!doctype html'* | *'<!DOCTYPE html'* | *'<!DOCTYPE HTML'*) return 0 ;;
    *) return 1 ;;
    esac
}

# Prints the status of the answer; after it "-" if that broke off or there was none, or "!" if it could not be
# written here. Nothing follows a redirect: a link is signed for its own host. What a program complains of is
# left in $1.why.
ask() {
    if command -v curl >/dev/null 2>&1; then
        # 23 is a file that cannot be written. A download may take long, but not stand still for a minute.
        printf 'url = "%s"\n' "$url" |
            curl -K - -sS --retry 3 --connect-timeout 10 --speed-limit 1 --speed-time 60 -w '%{http_code}' \
                -o "$1" 2>"$1.why" || { [ "$?" = 23 ] && printf '!' || printf %s -; }
    elif command -v wget >/dev/null 2>&1; then
        exit_code=0
        printf '%s\n' "$url" | wget -i - -nv -S --tries=3 --timeout=30 --max-redirect=0 --content-on-error \
            -O "$1" 2>"$1.why" || exit_code=$?
        sed -n 's,^ *HTTP/[0-9.]* \([0-9][0-9]*\).*,\1,p' "$1.why" | tail -n 1 | tr -d '\n'
        # 8 is an answer that is an error, and 3 a file that cannot be written.
        case $exit_code in
        0 | 8) ;;
        3) printf '!' ;;
        *) printf %s - ;;
        esac
    else
        fail "this instance has neither curl nor wget to fetch the release with" "nothing was changed"
    fi
}

fetch() {
    status=$(ask "$1")
    said=$(beginning "$1")
    between="something between this instance and $host"
    case $status in
    200)
        # A portal that wants a login, for one; no archive begins so.
        ! is_page "$said" || fail "$between answered with a page in place of the release" "nothing was changed"
        return
        ;;
    *!) fail "the release could not be written ($(complaint "$1"); is the disk full?)" "nothing was changed" ;;
    *- | '')
        why=$(complaint "$1")
        fail "the release could not be fetched from $host ($why): look at this instance's route, proxy and clock" \
            "nothing was changed"
        ;;
    esac
    answer="$host answered $status"
    if [ -n "$(element "$said" Code)" ]; then
        answer="S3 answered $status ($(element "$said" Code): $(element "$said" Message))"
    elif is_page "$said"; then
        answer="$between answered $status with a page"
    fi
    fail "the release could not be fetched: $answer" "nothing was changed"
}
