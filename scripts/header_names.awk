# header_names: what C headers declare, one a line.
#
#   awk -f header_names.awk FILE...
#
# Prints "function NAME", "inline NAME" (a function with its body in the header),
# "type NAME" (a typedef of a function pointer), "struct NAME" or "enum NAME" for
# each declaration outside braces. Reads headers in the style of this tree, not
# all of C.

# The line without comments; `in_comment` lasts from line to line.
function bare(line,    at, rest)
{
    while (1) {
        if (in_comment) {
            at = index(line, "*/")
            if (!at)
                return ""
            line = substr(line, at + 2)
            in_comment = 0
        }
        at = index(line, "/*")
        if (!at)
            return line
        rest = substr(line, at + 2)
        line = substr(line, 1, at - 1)
        at = index(rest, "*/")
        if (!at) {
            in_comment = 1
            return line
        }
        line = line " " substr(rest, at + 2)
    }
}

function last_word(text)
{
    sub(/[ *(]+$/, "", text)
    sub(/.*[^A-Za-z0-9_]/, "", text)
    return text
}

# A declaration is complete: `declared` is its text but for what is in braces.
function report(    head)
{
    if (declared ~ /^ *typedef/) {
        head = declared
        sub(/\) *\(.*/, "", head)
        print "type " last_word(head)
    } else if (index(declared, "(")) {
        head = substr(declared, 1, index(declared, "("))
        print (declared ~ /^ *static/ ? "inline " : "function ") last_word(head)
    } else if (match(declared, /(struct|enum) [a-z0-9_]+/)) {
        print substr(declared, RSTART, RLENGTH)
    }
    declared = ""
}

FNR == 1 { declared = ""; depth = in_comment = in_cplusplus = 0 }

# Directives, and extern "C", which stands in a condition of its own.
!in_comment && /^#ifdef __cplusplus/ { in_cplusplus = 1 }
in_cplusplus { if (/^#endif/) in_cplusplus = 0; next }
in_directive || (!in_comment && /^#/) {
    in_directive = /\\$/
    bare($0)
    next
}

{
    line = bare($0)
    for (i = 1; i <= length(line); i++) {
        char = substr(line, i, 1)
        if (char == "{") {
            depth++
        } else if (char == "}") {
            depth--
            if (depth == 0 && index(declared, "("))
                report() # the body of a function has ended
        } else if (depth == 0 && char == ";") {
            report()
        } else if (depth == 0) {
            declared = declared char
        }
    }
    if (depth == 0)
        declared = declared " "
}
