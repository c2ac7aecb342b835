# header2man: a manual page out of a public header.
#
#   awk -v name=queue -v include=pool/shared/queue.h -v library=crawlshared \
#       -v version=0.1.0 -v date=2026-11-23 -v pages='queue dict' \
#       -f header2man.awk FILE
#
# The first comment becomes NAME (its first sentence, "queue: a line ...") and
# DESCRIPTION; what follows becomes INTERFACE: declarations as they stand, the
# comments between them as text, "---- title ----" as headings. Comments beside
# the fields of a struct stay with them. The header is the only source.

function quote(line)
{
    gsub(/\\/, "\\e", line)
    gsub(/-/, "\\-", line)
    if (line ~ /^[.']/)
        line = "\\&" line
    return line
}

# Text and declarations take turns; `mode` is the one that is open.
function enter(wanted)
{
    if (mode == "code")
        print ".fi\n.RE"
    if (wanted == "code")
        print ".PP\n.RS 4\n.nf"
    else if (wanted == "text")
        print ".PP"
    mode = wanted
}

# A comment has ended: its lines are in text[1..nr].
function put_comment(    i)
{
    if (!described) {
        put_name()
        return
    }
    if (nr == 1 && text[1] ~ /^---- .* ----$/) {
        enter("")
        gsub(/^---- | ----$/, "", text[1])
        print ".SS " text[1]
        return
    }
    enter("text")
    for (i = 1; i <= nr; i++)
        print text[i] == "" ? ".PP" : quote(text[i])
}

function put_name(    i, sentence)
{
    sentence = text[1]
    sub(/^[a-z_]+: */, "", sentence)
    for (i = 2; text[i] != ""; i++)
        sentence = sentence " " text[i]
    sub(/\.$/, "", sentence)
    printf ".TH %s 3crawl %s \"crawl %s\" \"Library of processes\"\n", \
        toupper(name), date, version
    printf ".SH NAME\n%s \\- %s\n", name, quote(sentence)
    printf ".SH SYNOPSIS\n.nf\n#include <%s>\n\n", include
    print quote("cc ... $(pkg-config --cflags --libs " library ")") "\n.fi"
    print ".SH DESCRIPTION"
    for (i++; i <= nr; i++)
        print text[i] == "" ? ".PP" : quote(text[i])
    print ".SH INTERFACE"
    described = 1
}

# extern "C" is for compilers.
/^#ifdef __cplusplus/ { in_cplusplus = 1 }
in_cplusplus {
    if (/^#endif/)
        in_cplusplus = 0
    next
}
/^#(ifndef|endif|include)/ || /^#define [A-Z_]+_H$/ { next }

# A comment that begins in the first column stands by itself.
/^\/\*/ {
    nr = 0
    in_comment = 1
    sub(/^\/\* ?/, "")
}
in_comment {
    ended = sub(/ ?\*\/$/, "")
    sub(/^ \* ?/, "")
    sub(/^ +/, "")
    if (!(ended && $0 == "") && !(nr == 0 && $0 == ""))
        text[++nr] = $0
    if (ended) {
        text[nr + 1] = ""
        put_comment()
        in_comment = 0
    }
    next
}

!described { next }
/^$/ { blanks++; next }
{
    if (mode != "code") {
        enter("code")
        blanks = 0
    }
    for (; blanks > 0; blanks--)
        print ""
    print quote($0)
}

END {
    enter("")
    print ".SH SEE ALSO"
    nr_pages = split(pages, page, " ")
    for (i = 1; i <= nr_pages; i++)
        if (page[i] != name)
            listed = listed (listed ? ",\n" : "") ".BR " page[i] " (3crawl)"
    print listed
}
